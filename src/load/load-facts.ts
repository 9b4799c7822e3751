/** The facts of the table that a load needs, learned once in its transaction. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import type { TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { catalogSql } from '../facts/catalog-sql.ts';
import { factsQuery, readFacts } from '../facts/facts-query.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { sendUncounted } from '../send/send-logged.ts';

export interface LoadFacts {
  /** `undefined` if the server has no such table. */
  readonly table: TableFacts | undefined;
  /**
   * COPY does the same as INSERT: the table has no rules and no row-level security, and is no view, and COPY reads the values of
   * its columns alike.
   */
  readonly canCopy: boolean;
  /** COPY can write DEFAULT for one row and not for the next. */
  readonly canDefault: boolean;
  /** A trigger or a foreign key is checked at the end of a statement, and its error names no row. */
  readonly hasLateChecks: boolean;
  /** By column of the shape: the database has a default for it that is not NULL. */
  readonly defaulted: readonly boolean[];
}

/**
 * Sends the query of a flush and the query of a load together, which is one round trip. They stay two queries: every flush
 * would pay for the look-ups that only COPY needs.
 */
export async function learnLoadFacts(
  context: FlushContext,
  connection: Connection,
  shape: TableShape,
): Promise<LoadFacts> {
  const queries = [factsQuery([shape]), copyFactsQuery(shape)];
  const [facts, copy] = await Promise.all(sendUncounted(context, connection, queries));
  const [table] = readFacts(onlyValue(facts), 1);
  const [canCopy, canDefault, hasLateChecks, defaulted] = JSON.parse(String(onlyValue(copy))) as CopyFacts;
  const named = new Set(defaulted);
  return {
    table,
    canCopy: canCopy && shape.columns.every(({ name }) => table?.columns.get(name)?.copyable !== false),
    canDefault,
    hasLateChecks,
    defaulted: shape.columns.map(({ name }) => named.has(name)),
  };
}

type CopyFacts = [canCopy: boolean, canDefault: boolean, hasLateChecks: boolean, defaulted: string[]];

/** @throws {BatchedDrizzleError} `MISMATCHED_ANSWER` if the answer has no row */
function onlyValue(answer: Answer | undefined): unknown {
  const value = answer?.[0]?.[0];
  if (value !== undefined) return value;
  throw new BatchedDrizzleError(
    'MISMATCHED_ANSWER',
    'a query for the facts of a table was answered without a row',
  );
}

/** A rule rewrites an INSERT, but no COPY. The type of a column may have a default of its own. */
function copyFactsQuery({ name, columns }: TableShape): Statement {
  const text = catalogSql(`
select pg_catalog.json_build_array(
  coalesce(c.relkind = any ('{r,p}') and not pg_catalog.row_security_active(c.oid)
    and not exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.ev_type = '3'), false),
  pg_catalog.current_setting('server_version_num')::int4 >= 160000,
  exists (select from pg_catalog.pg_trigger g
    where g.tgrelid = c.oid and g.tgenabled <> 'D' and (g.tgtype & 4) = 4),
  array(
    select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attname = any ($2::text[])
      and (a.atthasdef or a.attidentity <> '' or t.typdefault is not null)))::text
from (select pg_catalog.to_regclass($1)::oid as oid) r left join pg_catalog.pg_class c on c.oid = r.oid`);
  const params = [name, arrayLiteral(columns.map((column) => column.name))];
  return { text, params, answer: 'raw', guarded: false };
}
