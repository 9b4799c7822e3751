/** `INSERT … ON CONFLICT` for several callers. Its answer has the source row of each written row. */
import type { Chunk, ChunkConflictKey } from '../plan/chunk.ts';
import { insertInto, insertTail, requireFacts, type WriteContext } from './clauses.ts';
import { insertGuard } from './guard.ts';
import { quotedName } from './insert-head.ts';
import { parsedLists } from './kept-keys.ts';
import { unnestRows } from './unnest.ts';

/**
 * Writes an INSERT that joins the written rows with their source rows, because RETURNING has no source row.
 *
 * The server compares them with its own equality, because values come back changed: `'ab'` as `'ab  '`, `1`
 * as `1.00`.
 *
 * Each row of the answer begins with the number of its source row, from 1, and with the count of written
 * rows. The two reveal a row that joins with no source row or with two.
 *
 * The example leaves out the schemas of functions, operators and types.
 *
 * @example
 * with s as materialized (select u.o, u.c1 from unnest($1::varchar[]) with ordinality as u(c1, o)),
 * w as (insert into "users" ("name") select s.c1 from s where … order by s.o
 *   on conflict ("name") do update set … returning "name", "id"),
 * m as (select s.o, s.c1::character varying(50) as m0 from s)
 * select m.o::int4, (select count(*) from w)::int4, w."id" from w left join m on w."name" = m.m0
 */
export function matchedInsert(chunk: Chunk, context: WriteContext): string {
  const { conflictKey } = chunk;
  if (!conflictKey) throw new Error(`no conflict key for the rows of ${chunk.shape.name}`);
  const { columns, selected, lists, from } = unnestRows(chunk, context, 'o');
  const given = columns.map((column, index) => `${selected[index]} as c${column}`);
  const guard = insertGuard({ chunk, ...context }, lists);
  const sources = columns.map((column) => `s.c${column}`);
  const withs = [
    ...parsedLists(lists),
    `s as materialized (select u.o, ${given.join(', ')} from ${from})`,
    `w as (${insertInto(chunk, columns, context)} select ${sources.join(', ')} from s${guard} order by s.o${insertTail(chunk, context)})`,
    `m as (${compared(chunk, conflictKey)})`,
  ];
  const asked = [...context.returning.places.keys()].map((name) => `, w.${context.dialect.escapeName(name)}`);
  const joined = conflictKey.columns.map(
    (column, index) =>
      `w.${quotedName(context.dialect, chunk.shape, column)} operator(pg_catalog.=) m.m${index}`,
  );
  return (
    `with ${withs.join(', ')} ` +
    `select m.o::pg_catalog.int4 as "batched_drizzle.o", (select pg_catalog.count(*) from w)::pg_catalog.int4 as "batched_drizzle.n"${asked.join('')} ` +
    `from w left join m on ${joined.join(' and ')}`
  );
}

/**
 * Selects the compared values of each source row, in the types of the columns. Of equal rows it selects the
 * first.
 */
function compared(chunk: Chunk, { columns, values: distinct }: ChunkConflictKey): string {
  const values = columns.map((column, index) => {
    const { unique, cast } = requireFacts(chunk, column);
    return `s.c${column}::${unique ?? cast} as m${index}`;
  });
  if (distinct) return `select s.o, ${values.join(', ')} from s`;
  const names = columns.map((_, index) => `m${index}`);
  return `select pg_catalog.min(s.o) as o, ${values.join(', ')} from s group by ${names.join(', ')}`;
}
