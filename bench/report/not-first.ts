import type { CellResult, Results } from '../results.ts';
import { isOurs, isReference } from '../sides/index.ts';
import { roughly } from './markdown.ts';
import { middleOf } from './middle.ts';

/** Why another side may be faster. The reason is printed only if it is. */
const reasons: Readonly<Record<string, string>> = {
  COPY: 'it streams rows past the parser and the planner; it takes one trip more, and has no RETURNING, no conflict clause and no row-level security',
  'unnest by hand':
    'it is one prepared statement of this very shape, with nothing around it to keep apart callers, keys and references',
  'pg-promise: helpers':
    'it writes values into the SQL text, and so binds no parameters and describes nothing',
  'postgres.js: helper': 'it is prepared by then, and maps no columns',
  kysely: 'node-postgres sends parameters without describing them first, and Kysely maps no columns',
  'knex: batchInsert':
    'node-postgres sends parameters without describing them first, and Knex maps no columns',
  'drizzle on pg: multi-row':
    'node-postgres sends parameters without describing them first, and takes no keys ahead',
  'drizzle on pg: each awaited':
    'node-postgres sends parameters without describing them first, and has no queue beside it',
  'drizzle on pg: pipeline': 'node-postgres sends a pipeline without taking keys ahead',
  'drizzle: multi-row': 'so few rows in one statement need no keys taken ahead',
  'sequelize: bulkCreate': 'it writes values into the SQL text of one statement, and takes no keys ahead',
};

/** Reasons that come from the job itself, if the library is not made for it. */
const reasonsByJob: Readonly<Record<string, string>> = {
  'await each':
    'an insert that is awaited alone waits for the end of its turn of the event loop, in case others of it follow; the way to be faster is not to await each',
};

/** A sentence for each cell in which a peer is faster than our fastest side. */
export function notFirst({ cells }: Results): string[] {
  return cells.flatMap((cell) => {
    const ranked = cell.sides
      .filter(({ side }) => !isReference(side))
      .flatMap(({ side }) => {
        const ms = middleOf(cell, side);
        return ms === undefined ? [] : [{ side, ms }];
      })
      .sort((a, b) => a.ms - b.ms);
    const best = ranked.findIndex(({ side }) => isOurs(side));
    if (best <= 0) return [];
    return [sentence(cell, ranked.slice(0, best), ranked[best]?.ms ?? Number.NaN, ranked[best]?.side ?? '')];
  });
}

function sentence(
  { id, job }: CellResult,
  ahead: readonly { side: string; ms: number }[],
  ours: number,
  side: string,
): string {
  const [first] = ahead;
  const faster = ahead.map(({ side: other, ms }) => `${other} (${roughly(ms)} ms)`).join(', ');
  const ofJob = reasonsByJob[job];
  const ofSide = first && reasons[first.side];
  const why = ofJob ? `; ${ofJob}` : ofSide ? `; of ${first.side}: ${ofSide}` : '';
  return `\`${id}\`: our fastest, ${side}, takes ${roughly(ours)} ms; ahead ${ahead.length === 1 ? 'is' : 'are'} ${faster}${why}.`;
}
