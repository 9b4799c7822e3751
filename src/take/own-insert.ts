/** A caller's own insert, for his errors: never another caller's values. */
import { describeInsert } from '../drizzle/insert.ts';
import type { OwnInsert } from '../errors.ts';
import type { Entry } from './entry.ts';

export function ownInsert(entry: Entry): OwnInsert {
  return { table: entry.shape.name, rows: entry.count, describe: () => describeInsert(entry) };
}
