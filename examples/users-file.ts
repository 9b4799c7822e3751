import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** The header of the file, with the names of the columns in the database. */
export const columns = ['username', 'name', 'email', 'age', 'joined_at'];
const forenames = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Radia', 'Donald', 'Frances'];
const surnames = ['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Turing', 'Perlman', 'Knuth', 'Allen'];
const linesPerWrite = 1_000;

/** The default seed, which makes the same file for everybody. */
export const seed = 20_240_229;

/**
 * Writes the same users each time as CSV. Some names contain commas, quotes or newlines; some names and ages
 * are NULL. Fields are quoted as PostgreSQL quotes them, so that `COPY … TO` of the table gives the same
 * bytes.
 */
export async function writeUsers(file: string, count: number, ofSeed = seed): Promise<void> {
  const out = createWriteStream(file);
  const random = randomNumbers(ofSeed);
  out.write(`${columns.join(',')}\n`);
  for (let first = 0; first < count; first += linesPerWrite) {
    const length = Math.min(linesPerWrite, count - first);
    const lines = Array.from({ length }, (_, index) => userLine(first + index, random));
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

function userLine(index: number, random: () => number): string {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] as string;
  const [forename, surname] = [pick(forenames), pick(surnames)];
  const age = random() < 0.05 ? '' : String(18 + Math.floor(random() * 80));
  // A second in the years from 2000 to 2023.
  const joined = new Date(Date.UTC(2000, 0, 1) + Math.floor(random() * 24 * 365.25 * 86_400) * 1_000);
  const fields = [
    `${forename.toLowerCase()}${index}`,
    nameOf(forename, surname, random()),
    `${forename.toLowerCase()}.${surname.toLowerCase()}.${index}@example.com`,
    age,
    `${joined.toISOString().slice(0, 19).replace('T', ' ')}+00`,
  ];
  return `${fields.join(',')}\n`;
}

function nameOf(forename: string, surname: string, chance: number): string {
  if (chance < 0.02) return '';
  if (chance < 0.03) return '""';
  if (chance < 0.04) return `"${forename} ""Ace"" ${surname}"`;
  if (chance < 0.05) return `"${forename}\n${surname}"`;
  return chance < 0.1 ? `"${surname}, ${forename}"` : `${forename} ${surname}`;
}

/** The generator mulberry32: numbers from 0 to 1 that are determined by a seed. */
function randomNumbers(ofSeed: number): () => number {
  let state = ofSeed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
