import type { Sql } from 'postgres';
import { firstDrawn, names } from './tables.ts';

/** The rows of each table, in the order in which they were written, behind those that a conflict clause may have updated. */
export type Contents = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

const read = ['looking.log', 'elsewhere.docs', ...names.map((name) => `looking.${name}`)];

/** Times are in microseconds. */
const row = `to_jsonb(t) || case when to_jsonb(t) ? 'at'
  then jsonb_build_object('at', (extract(epoch from (to_jsonb(t)->>'at')::timestamptz) * ${firstDrawn})::bigint)
  else '{}' end`;
/** An updated row moves to wherever its page has room, so its place does not tell when it was written. */
const updated = `case when to_jsonb(t)->>'label' like 'shared %' then to_jsonb(t)->>'label' end`;
const contents = read
  .map(
    (name) =>
      `'${name}', (select coalesce(json_agg(${row} order by ${updated}, t.ctid), '[]') from ${name} t)`,
  )
  .join(', ');

export async function readTables(client: Sql): Promise<Contents> {
  const [found] = await client.unsafe(`select json_build_object(${contents}) as contents`);
  return found?.contents as Contents;
}
