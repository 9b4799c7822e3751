import type { Sql } from 'postgres';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';

/** What the server knows of the table, and the schema does not. */
export interface TableFacts {
  /** COPY does the same as INSERT: the table has no rules and no row-level security, and is no view. */
  readonly canCopy: boolean;
  /** COPY knows a text for the default of a column, as in PostgreSQL 16 and later. */
  readonly hasDefaultText: boolean;
  /** The columns that have a default, by their names in the database. */
  readonly defaulted: ReadonlySet<string>;
}

/** What is known before the server is asked. */
export const noFacts: TableFacts = { canCopy: true, hasDefaultText: false, defaulted: new Set() };

/** @throws {CommandError} if the server has no such table, or does not answer */
export async function readTableFacts(client: Sql, table: string): Promise<TableFacts> {
  let row: FactsRow;
  try {
    [row] = await client.unsafe<[FactsRow]>(factsQuery, [table]);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    // A connection that several addresses refuse has an error without a message.
    throw new CommandError(message || String(code), exitCodes.failed, { cause });
  }
  if (!row.exists) throw new CommandError(`the database has no table ${table}`, exitCodes.failed);
  return {
    canCopy: row.can_copy,
    hasDefaultText: row.has_default_text,
    defaulted: new Set(row.defaulted),
  };
}

interface FactsRow {
  readonly exists: boolean;
  readonly can_copy: boolean;
  readonly has_default_text: boolean;
  readonly defaulted: readonly string[];
}

/** A rule rewrites an INSERT, but no COPY. A type may have a default of its own, and the table below a view as well. */
const factsQuery = `
select c.oid is not null as exists,
  coalesce(c.relkind = any ('{r,p}') and not pg_catalog.row_security_active(c.oid)
    and not exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.ev_type = '3'), false) as can_copy,
  pg_catalog.current_setting('server_version_num')::int4 >= 160000 as has_default_text,
  array(
    select a.attname::text from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and (c.relkind = 'v' or a.atthasdef or a.attidentity <> '' or t.typdefault is not null)) as defaulted
from (select pg_catalog.to_regclass($1)::oid as oid) n left join pg_catalog.pg_class c on c.oid = n.oid`;
