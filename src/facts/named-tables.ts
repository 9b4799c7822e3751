/** The tables of a query, and their OIDs in it. */
import { arrayLiteral } from '../driver/text.ts';
import type { TableShape } from '../drizzle/table.ts';

/** The parameters that `namedTables` reads. A setting of the session decides whether an array may hold NULL. */
export function tableNames(shapes: readonly TableShape[]): string[] {
  return [
    arrayLiteral(shapes.map(({ name }) => name)),
    arrayLiteral(shapes.map(({ schema }) => schema ?? '')),
  ];
}

/** Position and OID of each table. No OID, and no error, for one that is not there or in a schema that the role may not use. */
export const namedTables = `
  select n.position, case
    when n.schema = '' or pg_catalog.has_schema_privilege(s.oid, 'USAGE') then pg_catalog.to_regclass(n.name)::oid
  end as oid
  from rows from (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) with ordinality n(name, schema, position)
  left join pg_catalog.pg_namespace s on s.nspname = n.schema`;
