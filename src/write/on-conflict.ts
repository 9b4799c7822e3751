/** `INSERT … ON CONFLICT` for several callers: it says of which source row each written row is. */
import { columnFacts } from '../facts/table-facts.ts';
import type { Chunk } from '../plan/chunk.ts';
import { insertInto, insertTail, quotedName, type WriteContext } from './clauses.ts';
import { insertGuard } from './guard.ts';
import { parsedLists } from './kept-keys.ts';
import { unnestRows } from './unnest.ts';

/**
 * RETURNING knows no source row, so what is written is joined with what was given, by the server's own equality:
 * `'ab'` comes back as `'ab  '`, and `1` as `1.00`.
 *
 * Each row of the answer begins with the place of its source, counted from 1, and with how many were written: a row
 * that is joined with none, or with two, is noticed.
 *
 * @example
 * with s as materialized (select u.o, u.c1 from unnest($1::varchar[]) with ordinality as u(c1, o)),
 * w as (insert into "users" ("name") select s.c1 from s where … order by s.o
 *   on conflict ("name") do update set … returning "name", "id"),
 * m as (select s.o, s.c1::character varying(50) as m0 from s)
 * select m.o::int4, (select count(*) from w)::int4, w."id" from w left join m on w."name" = m.m0
 */
export function matchedInsert(chunk: Chunk, context: WriteContext): string {
  const { columns, selected, lists, from } = unnestRows(chunk, context, 'o');
  const given = columns.map((column, index) => `${selected[index]} as c${column}`);
  const guard = insertGuard({ chunk, ...context }, lists);
  const sources = columns.map((column) => `s.c${column}`);
  const withs = [
    ...parsedLists(lists),
    `s as materialized (select u.o, ${given.join(', ')} from ${from})`,
    `w as (${insertInto(chunk, columns, context)} select ${sources.join(', ')} from s${guard} order by s.o${insertTail(chunk, context)})`,
    `m as (${compared(chunk)})`,
  ];
  const asked = [...context.returning.places.keys()].map((name) => `, w.${context.dialect.escapeName(name)}`);
  const joined = chunk.match?.columns.map(
    (column, index) => `w.${quotedName(context.dialect, chunk.shape, column)} = m.m${index}`,
  );
  return (
    `with ${withs.join(', ')} ` +
    `select m.o::int4 as "batched_drizzle.o", (select count(*) from w)::int4 as "batched_drizzle.n"${asked.join('')} ` +
    `from w left join m on ${joined?.join(' and ')}`
  );
}

/** The compared values of each source row, or of the first of those that are equal, as the table's columns hold them. */
function compared({ match, facts, shape }: Chunk): string {
  const values = match?.columns.map((column, index) => {
    const { unique, cast } = columnFacts(facts, shape, column) ?? {};
    return `s.c${column}::${unique ?? cast} as m${index}`;
  });
  if (match?.values) return `select s.o, ${values?.join(', ')} from s`;
  const names = match?.columns.map((_, index) => `m${index}`);
  return `select min(s.o) as o, ${values?.join(', ')} from s group by ${names?.join(', ')}`;
}
