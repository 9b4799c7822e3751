import { type PgColumn, PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import { isKeyed, tableShape } from '../../src/drizzle/table.ts';
import type { ColumnFacts, KeySource, TableFacts } from '../../src/facts/table-facts.ts';

/** The facts that the catalog would have for a table created as its schema declares. */
export function factsOf(table: PgTable, given: Partial<TableFacts> = {}): TableFacts {
  const { columns } = tableShape(new PgDialect(), table);
  return {
    oid: '16384',
    ordered: ['16384'],
    user: 'app',
    plain: true,
    updatable: true,
    guardable: true,
    lockable: true,
    serializable: false,
    secured: false,
    ruled: false,
    rights: 'ftton',
    types: '1:23,2:25',
    state: { relations: { '16384': '7' }, policies: {}, partitioned: {}, domains: {} },
    parents: [],
    columns: new Map(columns.map(({ name, column }) => [name, columnFactsOf(column)])),
    ...given,
  };
}

/** The same facts with changes for one column. */
export function withColumn(facts: TableFacts, name: string, given: Partial<ColumnFacts>): TableFacts {
  const known = facts.columns.get(name);
  if (!known) throw new Error(`no column ${name}`);
  return { ...facts, columns: new Map(facts.columns).set(name, { ...known, ...given }) };
}

function columnFactsOf(column: PgColumn): ColumnFacts {
  const type = column.getSQLType().replace(/\(.*?\)/, '');
  const cast = builtIn.get(type);
  const name = cast ? `pg_catalog.${cast}` : `public.${type}`;
  return {
    type: 0,
    base: 0,
    cast: name,
    arrayable: cast !== undefined && !cast.startsWith('_'),
    keys: isKeyed(column) ? keySource(column) : null,
    sequence: isKeyed(column) && column.getSQLType() !== 'uuid' ? '16385' : null,
    draws: isKeyed(column) && column.getSQLType() !== 'uuid',
    always: column.generatedIdentity?.type === 'always',
    insertable: true,
    selectable: true,
    castable: true,
    copyable: true,
    modifier: -1,
    enumerated: false,
    bare: false,
    unique: column.primary || column.isUnique ? name : null,
    referenced: false,
  };
}

function keySource(column: PgColumn): KeySource {
  if (column.generatedIdentity) return 'identity';
  return column.getSQLType() === 'uuid' ? 'gen_random_uuid()' : 'sequence';
}

const builtIn: ReadonlyMap<string, string> = new Map([
  ['smallint', 'int2'],
  ['integer', 'int4'],
  ['serial', 'int4'],
  ['bigint', 'int8'],
  ['bigserial', 'int8'],
  ['text', 'text'],
  ['text[]', '_text'],
  ['integer[]', '_int4'],
  ['varchar', '"varchar"'],
  ['uuid', 'uuid'],
  ['jsonb', 'jsonb'],
  ['timestamp', 'timestamp'],
  ['timestamp with time zone', 'timestamptz'],
]);
