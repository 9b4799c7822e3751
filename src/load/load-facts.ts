/** What a load must know of its table, asked once in its transaction. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import type { TableShape } from '../drizzle/table.ts';
import { factsQuery, readFacts } from '../facts/facts-query.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { logAll } from '../send/send-logged.ts';

export interface LoadFacts {
  /** `undefined` where the server has no such table. */
  readonly table: TableFacts | undefined;
  /** COPY does what INSERT does: no rules, no row-level security, no view. */
  readonly canCopy: boolean;
  /** COPY can say DEFAULT for one row and not for the next. */
  readonly canDefault: boolean;
  /** Something is looked at when a statement ends, so that the server does not say which row failed. */
  readonly hasLateChecks: boolean;
  /** By column of the shape: the database has a default for it that is not NULL. */
  readonly defaulted: readonly boolean[];
}

export async function learnLoadFacts(
  context: FlushContext,
  connection: Connection,
  shape: TableShape,
): Promise<LoadFacts> {
  const statements = [factsQuery([shape]), aboutCopy(shape)];
  logAll(context, statements);
  const [facts, copy] = await Promise.all(statements.map((statement) => connection.send(statement)));
  const [table] = readFacts(facts?.[0]?.[0], 1);
  const [canCopy, canDefault, hasLateChecks, defaulted] = JSON.parse(String(copy?.[0]?.[0])) as Copyable;
  const named = new Set(defaulted);
  return {
    table,
    canCopy,
    canDefault,
    hasLateChecks,
    defaulted: shape.columns.map(({ name }) => named.has(name)),
  };
}

type Copyable = [canCopy: boolean, canDefault: boolean, hasLateChecks: boolean, defaulted: string[]];

/** A rule rewrites an INSERT and is not asked for a COPY; the type of a column may have a default of its own. */
function aboutCopy({ name, columns }: TableShape): Statement {
  const text = `
select json_build_array(
  coalesce(c.relkind in ('r', 'p') and not pg_catalog.row_security_active(c.oid)
    and not exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.ev_type = '3'), false),
  current_setting('server_version_num')::int >= 160000,
  exists (select from pg_catalog.pg_trigger g
    where g.tgrelid = c.oid and g.tgenabled <> 'D' and g.tgtype & 4 = 4),
  array(
    select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attname = any ($2::text[])
      and (a.atthasdef or a.attidentity <> '' or t.typdefault is not null)))::text
from (select to_regclass($1)::oid as oid) r left join pg_catalog.pg_class c on c.oid = r.oid`;
  const params = [name, arrayLiteral(columns.map((column) => column.name))];
  return { text, params, answer: 'raw', guarded: false };
}
