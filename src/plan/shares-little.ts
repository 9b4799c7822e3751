/** Whether entries would share so little that own statements cost the server less. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Entry } from '../take/entry.ts';

/**
 * How many entries go by own statements if they could share one. Each further statement that they would need adds some.
 *
 * Measured by the server's processor time for 3 columns with ids back, in ms, own and shared: one table of 16 entries 1.06
 * and 1.09, of 20 1.12 and 1.05; parents and children 4 + 8 1.19 and 1.52, 6 + 12 1.46 and 1.44, 8 + 16 2.18 and 1.75; 4
 * tables of 6 each 1.20 and 1.77, of 8 1.49 and 1.79; 10 tables of 5 each 2.21 and 3.27, of 7 3.40 and 3.70. The client
 * gains from sharing somewhat earlier.
 */
export const mostOwnEntries = 15;

const mostOwnForEachFurther = 5;

/** How many rows of one entry are VALUES. Up to 31 rows they cost less than arrays, of 3 columns and of 12. */
export const mostOwnRows = 32;

/** So few entries in each shared statement, that it is not worth its facts, whatever the number of entries. */
const fewPerStatement = 3;

interface Limits {
  readonly maxRows: number;
  readonly copyRows: number;
}

/** Whether the entries, each of few rows, are too few to share statements. */
export function isTooFew(entries: readonly Entry[], limits: Limits): boolean {
  const { statements, shares } = countShares(entries, limits);
  return shares <= mostOwnEntries + mostOwnForEachFurther * (statements - 1);
}

/** Whether shared statements would hold few entries each, since neighbours in a table leave out other columns. */
export function sharesLittle(entries: readonly Entry[], limits: Limits): boolean {
  const { statements, shares } = countShares(entries, limits);
  return statements * fewPerStatement > shares;
}

/** How many shared statements the entries need. An entry with more rows than an own statement should have counts as several. */
function countShares(
  entries: readonly Entry[],
  { maxRows, copyRows }: Limits,
): { statements: number; shares: number } {
  const mostRows = Math.max(1, Math.min(mostOwnRows, maxRows, copyRows - 1));
  const last = new Map<PgTable, Entry['forms']>();
  let statements = 0;
  let shares = 0;
  for (let index = 0; index < entries.length; index++) {
    const { shape, forms, overriding, count } = entries[index] as Entry;
    if (last.get(shape.table) !== forms || overriding) statements += 1;
    last.set(shape.table, forms);
    shares += count > mostRows ? fewPerStatement * Math.ceil(count / mostRows) : 1;
  }
  return { statements, shares };
}
