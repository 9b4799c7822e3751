/** The tables that the benchmark writes. The values of a row are functions of its number. */

export type Kind =
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'numeric(12,4)'
  | 'real'
  | 'double precision'
  | 'boolean'
  | 'text'
  | 'varchar(50)'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
  | 'jsonb'
  | 'text[]';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** The value in row `index`; `undefined` if only the job knows it. */
  of?(index: number): unknown;
  /** The table whose ids the column holds. */
  readonly references?: Table;
}

/** A table with a serial `id` and these columns. The properties have the names of the columns. */
export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** So many of its first columns have an index of their own. */
  readonly indexes?: number;
}

export type Row = Record<string, unknown>;

export const users: Table = { name: 'users', columns: [{ name: 'name', kind: 'varchar(50)' }] };

export const addresses: Table = {
  name: 'addresses',
  columns: [
    { name: 'email', kind: 'text' },
    { name: 'user_id', kind: 'integer', references: users },
  ],
};

/** The table of the article on measuring executemany. */
export const orders: Table = {
  name: 'orders',
  columns: [
    { name: 'customer_id', kind: 'integer', of: (i) => i % 10_000 },
    { name: 'amount', kind: 'numeric(12,4)', of: (i) => `${i % 500}.9900` },
    { name: 'status', kind: 'varchar(50)', of: (i) => (i % 3 === 0 ? 'completed' : 'pending') },
  ],
};

const start = Date.UTC(2024, 0, 1);
const moment = (i: number) => new Date(start + i * 1_001);
const hex = (i: number) => i.toString(16).padStart(12, '0');

export const wide: Table = {
  name: 'wide',
  columns: [
    { name: 'small', kind: 'smallint', of: (i) => (i % 60_000) - 30_000 },
    { name: 'whole', kind: 'integer', of: (i) => i * 7 },
    { name: 'big', kind: 'bigint', of: (i) => 4_000_000_000 + i },
    { name: 'amount', kind: 'numeric(12,4)', of: (i) => `${i}.2500` },
    { name: 'ratio', kind: 'real', of: (i) => (i % 1_000) / 8 },
    { name: 'precise', kind: 'double precision', of: (i) => i / 3 },
    { name: 'flag', kind: 'boolean', of: (i) => i % 2 === 0 },
    { name: 'note', kind: 'text', of: (i) => `It's row ${i}: "quoted", \\ and \t and ${'x'.repeat(i % 40)}` },
    { name: 'title', kind: 'varchar(50)', of: (i) => (i % 10 === 0 ? null : `Überschrift ${i}`) },
    {
      name: 'day',
      kind: 'date',
      of: (i) =>
        moment((i % 3_000) * 86_400)
          .toISOString()
          .slice(0, 10),
    },
    { name: 'moment', kind: 'timestamp', of: moment },
    { name: 'instant', kind: 'timestamptz', of: moment },
    { name: 'tag', kind: 'uuid', of: (i) => `00000000-0000-4000-8000-${hex(i)}` },
    { name: 'document', kind: 'jsonb', of: (i) => ({ index: i, tags: ['a', 'b'], nested: { on: true } }) },
    { name: 'labels', kind: 'text[]', of: (i) => [`label${i % 7}`, 'other'] },
  ],
};

/** A table with so many columns, alternately numbers and text. */
export function columns(count: number): Table {
  return {
    name: `columns_${count}`,
    columns: Array.from({ length: count }, (_, c) =>
      c % 2 === 0
        ? { name: `c${c}`, kind: 'integer', of: (i) => i + c }
        : { name: `c${c}`, kind: 'text', of: (i) => `text ${i} of ${c}` },
    ),
  };
}

/** The foreign keys of `referring` refer to this table. */
export const targets: Table = { name: 'targets', columns: [{ name: 'label', kind: 'text' }] };
export const targetRows = 1_000;

const five = (count: number, references?: Table): Column[] =>
  Array.from({ length: 5 }, (_, c) => ({
    name: `c${c}`,
    kind: 'integer' as const,
    of: (i: number) => ((i * (2 * c + 7)) % targetRows) + 1,
    ...(references !== undefined && c < count ? { references } : {}),
  }));

/** A table of five integers, so many of them indexed. */
export const indexed = (count: number): Table => ({
  name: `indexed_${count}`,
  columns: five(0),
  indexes: count,
});

/** The same five integers, so many of them foreign keys. */
export const referring = (count: number): Table => ({
  name: `referring_${count}`,
  columns: five(count, targets),
});

export function rowOf({ columns }: Table, index: number): Row {
  return Object.fromEntries(columns.map(({ name, of }) => [name, of?.(index)]));
}

export function rowsOf(table: Table, count: number): Row[] {
  return Array.from({ length: count }, (_, index) => rowOf(table, index));
}

export function create({ name, columns, indexes = 0 }: Table): string {
  const defined = columns.map(
    ({ name, kind, references }) => `${name} ${kind}${references ? ` references ${references.name}` : ''}`,
  );
  return [
    // Without this, autovacuum would clean up after one run in the middle of the next one.
    `create table ${name} (id serial primary key, ${defined.join(', ')}) with (autovacuum_enabled = off);`,
    ...columns.slice(0, indexes).map((column) => `create index on ${name} (${column.name});`),
  ].join('\n');
}
