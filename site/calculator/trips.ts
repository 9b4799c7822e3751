/** How many round trips a transaction takes, by plain drizzle and by this library. */

export const drivers = ['postgres.js', 'node-postgres'] as const;
export type Driver = (typeof drivers)[number];

/** What the program does with its inserts. The label is shown to the reader. */
export const ways = {
  left: 'not awaited, or awaited by ref()',
  together: 'awaited together, by Promise.all',
  each: 'awaited one after another',
  queued: "the same, with awaits: 'queued'",
} as const;
export type Way = keyof typeof ways;

/** A transaction: other statements, each awaited before the next, and then inserts of one row each. */
export interface Program {
  readonly driver: Driver;
  readonly way: Way;
  readonly inserts: number;
  readonly statements: number;
}

/** postgres.js describes each statement first. BEGIN and COMMIT travel by themselves on both drivers. */
export function plainTrips({ driver, inserts, statements }: Program): number {
  return (driver === 'postgres.js' ? 2 : 1) * (statements + inserts) + 2;
}

/** Of a client that knows its tables: the first large flush of a process asks for their facts, which is one trip more. */
export function ourTrips(program: Program): number {
  const { statements, inserts, way } = program;
  // BEGIN travels with the first statement.
  return statements + (inserts === 0 ? 1 : tripsOfInserts[way](program));
}

/** So many rows of a transaction that has worked go by own statements, and COMMIT travels with them. */
const rowsWithCommit = 100;

/** A queue of awaited inserts is written when it has so many rows. */
const fullQueue = 1024;
const firstBlock = 16;

/** The trips of the inserts, and that of COMMIT if it is one of its own. */
const tripsOfInserts: Readonly<Record<Way, (program: Program) => number>> = {
  left: ({ inserts, statements }) => (statements > 0 && inserts > rowsWithCommit ? 2 : 1),
  together: () => 2,
  each: ({ inserts }) => inserts + 1,
  queued: ({ inserts }) => {
    const behindFirst = inserts - 1;
    const full = Math.floor(behindFirst / fullQueue);
    const last = behindFirst % fullQueue;
    return 1 + blocksOf(behindFirst) + full + (last > rowsWithCommit ? 2 : 1);
  },
};

/** The blocks of keys that are asked for by themselves. The first travels with the first row. */
function blocksOf(keys: number): number {
  let blocks = 0;
  for (let block = firstBlock, taken = firstBlock; taken < keys; blocks++) {
    block = Math.min(2 * block, 1024);
    taken += block;
  }
  return blocks;
}
