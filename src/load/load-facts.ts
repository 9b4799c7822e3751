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
  if (context.engine.refusesCatalog) return nothingKnown(shape);
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

/** Rows are written by INSERT with VALUES, which needs no facts. */
function nothingKnown({ columns }: TableShape): LoadFacts {
  const defaulted = columns.map(() => true);
  return { table: undefined, canCopy: false, canDefault: false, hasLateChecks: true, defaulted };
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

/** COPY knows DEFAULT for one row, and sends many rows at a time to a foreign partition. */
const isSixteen = `pg_catalog.current_setting('server_version_num')::int4 >= 160000`;

/**
 * A rule rewrites an INSERT, but no COPY. The type of a column may have a default of its own. Before PostgreSQL 16 COPY sends
 * the rows of a foreign partition one by one.
 */
function copyFactsQuery({ name, columns }: TableShape): Statement {
  const text = catalogSql(`
with recursive named as (select pg_catalog.to_regclass($1)::oid as oid),
below (oid, relkind) as (
  select i.inhrelid, p.relkind from named n join pg_catalog.pg_inherits i on i.inhparent = n.oid
  join pg_catalog.pg_class p on p.oid = i.inhrelid where p.relispartition
  union all
  select i.inhrelid, p.relkind from below b join pg_catalog.pg_inherits i on i.inhparent = b.oid
  join pg_catalog.pg_class p on p.oid = i.inhrelid where p.relispartition)
select pg_catalog.json_build_array(
  coalesce(c.relkind = any ('{r,p}') and not pg_catalog.row_security_active(c.oid)
    and (not exists (select from below b where b.relkind = 'f') or ${isSixteen})
    and not exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.ev_type = '3'), false),
  ${isSixteen},
  exists (select from pg_catalog.pg_trigger g
    where g.tgrelid = c.oid and g.tgenabled <> 'D' and (g.tgtype & 4) = 4),
  array(
    select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attname = any ($2::text[])
      and (a.atthasdef or a.attidentity <> '' or t.typdefault is not null)))::text
from named n left join pg_catalog.pg_class c on c.oid = n.oid`);
  const params = [name, arrayLiteral(columns.map((column) => column.name))];
  return { text, params, answer: 'raw', guarded: false };
}
