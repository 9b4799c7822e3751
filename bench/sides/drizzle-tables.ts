import {
  bigint,
  boolean,
  date,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  type PgColumnBuilderBase,
  pgTable,
  real,
  serial,
  smallint,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import type { Column, Kind, Table } from '../tables.ts';

const builders: Record<Kind, () => PgColumnBuilderBase> = {
  smallint: () => smallint(),
  integer: () => integer(),
  bigint: () => bigint({ mode: 'number' }),
  'numeric(12,4)': () => numeric({ precision: 12, scale: 4 }),
  real: () => real(),
  'double precision': () => doublePrecision(),
  boolean: () => boolean(),
  text: () => text(),
  'varchar(50)': () => varchar({ length: 50 }),
  date: () => date(),
  timestamp: () => timestamp(),
  timestamptz: () => timestamp({ withTimezone: true }),
  uuid: () => uuid(),
  jsonb: () => jsonb(),
  'text[]': () => text().array(),
};

export type DrizzleTable = ReturnType<typeof define>;

const defined = new Map<string, DrizzleTable>();

/** The table as declared in a drizzle schema, made once. */
export function drizzleTable(table: Table): DrizzleTable {
  const known = defined.get(table.name);
  if (known) return known;
  const made = define(table);
  defined.set(table.name, made);
  return made;
}

function define({ name, columns }: Table) {
  return pgTable(name, { id: serial().primaryKey(), ...Object.fromEntries(columns.map(column)) });
}

function column({ name, kind, references }: Column): [string, PgColumnBuilderBase] {
  if (references === undefined) return [name, builders[kind]()];
  return [name, integer().references(() => drizzleTable(references).id)];
}
