import postgres, { type Sql } from 'postgres';
import type { Column, Row, Table } from '../tables.ts';
import {
  chunked,
  inChunks,
  type Open,
  only,
  postgresOptions,
  type Setting,
  session,
  type Way,
} from './side.ts';

// Sql and TransactionSql share all members that are used here.
type Db = Pick<Sql, 'unsafe'> & Sql;

function connect(setting: Setting): Pick<Way<Db>, 'db' | 'transaction' | 'connect' | 'close'> {
  const client = postgres(setting.url, { ...postgresOptions(setting), onnotice: () => {} });
  return {
    db: client,
    connect: () => client`select 1`,
    transaction: <T>(work: (tx: Db) => Promise<T>) =>
      client.begin((tx) => work(tx as unknown as Db)) as Promise<T>,
    close: () => client.end(),
  };
}

export const namesOf = ({ columns }: Table): string[] => columns.map(({ name }) => name);

function helper(db: Db, table: Table, rows: Row[]) {
  // The type of the helper requires a key of the row's type.
  const values = db(rows as Record<string, never>[], ...namesOf(table));
  return db<{ id: number }[]>`insert into ${db(table.name)} ${values} returning id`;
}

export const postgresJs: Open = (setting) => {
  return session({
    ...connect(setting),
    many: (tx, table, rows) =>
      inChunks(chunked(rows, table, setting.chunk), (part) => helper(tx, table, part)),
    one: async (db, table, row) => only(await helper(db, table, [row])),
  });
};

export const unnest: Open = (setting) => {
  const { chunk = 10_000, isPooled = false } = setting;
  return session({
    ...connect(setting),
    many(tx, table, rows) {
      const text = unnestOf(table);
      return inChunks(chunked(rows, { ...table, columns: [] }, chunk), (part) =>
        tx.unsafe<{ id: number }[]>(text, arraysOf(table, part), { prepare: !isPooled }),
      );
    },
  });
};

function unnestOf(table: Table): string {
  const names = namesOf(table).join(', ');
  const selected = table.columns.map(({ name, kind }) => `${name}::${kind}`).join(', ');
  const arrays = table.columns.map((column, n) => `$${n + 1}::${arrayType(column)}`).join(', ');
  return `insert into ${table.name} (${names}) select ${selected} from unnest(${arrays}) as u(${names}) returning id`;
}

/**
 * Arrays of arrays would be flattened, and postgres.js would take an array of booleans for a boolean. These
 * values are sent as text, and so are documents.
 */
function arrayType({ kind }: Column): string {
  return ['text[]', 'jsonb', 'boolean'].includes(kind) ? 'text[]' : `${kind}[]`;
}

function arraysOf({ columns }: Table, rows: Row[]): never[] {
  return columns.map(({ name, kind }) => rows.map((row) => element(kind, row[name])) as never);
}

/** A value in a form that PostgreSQL can read. */
export function element(kind: Column['kind'], value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (kind === 'jsonb') return JSON.stringify(value);
  if (kind === 'text[]') return `{${(value as string[]).join(',')}}`;
  return kind === 'boolean' ? String(value) : value;
}
