/** The query for tables of which the role may select every row, and all columns. */
import type { Answer, Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import { catalogSql } from './catalog-sql.ts';
import { namedTables, tableNames } from './named-tables.ts';

/** A policy for SELECT may let one row pass and refuse the next. A view may have a table with policies below it. */
const query = catalogSql(`
with named as materialized (${namedTables})
select coalesce(c.relkind = any ('{r,p}') and not pg_catalog.row_security_active(c.oid)
  and pg_catalog.has_table_privilege(c.oid, 'SELECT'), false)::text
from named n left join pg_catalog.pg_class c on c.oid = n.oid order by n.position`);

/** Asks of which tables the role may select all that it writes. */
export function policiesQuery(shapes: readonly TableShape[]): Statement {
  return { text: query, params: tableNames(shapes), answer: 'raw', guarded: true };
}

/** @param answer to `policiesQuery(shapes)` */
export function selectableTables(shapes: readonly TableShape[], answer: Answer): TableShape[] {
  return shapes.filter((_, index) => String(answer[index]?.[0]) === 'true');
}
