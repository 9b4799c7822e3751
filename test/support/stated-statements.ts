/** The statements of the programs in `stated-programs.ts`. */
import { eq, gt, inArray, or, type SQL, sql } from 'drizzle-orm';
import { type Db, relationalStatements } from './stated-relations.ts';
import { cells, columns, notes } from './stated-tables.ts';

type Make = (db: Db, value: never) => PromiseLike<unknown>;

const names = Object.keys(columns) as (keyof typeof columns)[];

const ofColumns = names.flatMap((name): [string, Make][] => [
  [
    `where ${name}`,
    (db, value) => db.select({ id: cells.id }).from(cells).where(eq(cells[name], value)).orderBy(cells.id),
  ],
  [
    `set ${name}`,
    (db, value) =>
      db
        .update(cells)
        .set({ [name]: value })
        .where(eq(cells.id, 2)),
  ],
  [
    `set sql ${name}`,
    (db, value) =>
      db
        .update(cells)
        .set({ [name]: sql`${value}` })
        .where(eq(cells.id, 3))
        .returning(),
  ],
]);

const types = [
  'text',
  'int',
  'bool',
  'bytea',
  'json',
  'jsonb',
  'date',
  'timestamptz',
  'int[]',
  'text[]',
  'numeric',
  'uuid',
  'name',
];

const ofTypes = types.map((type): [string, Make] => [
  `cast ${type}`,
  (db, value) => db.execute(sql`select ${value}::${sql.raw(type)} as it`),
]);

export const statements: ReadonlyMap<string, Make> = new Map<string, Make>([
  ...ofColumns,
  ...ofTypes,
  ['uncast', (db, value) => db.execute(sql`select ${value} as it, 1 as one`)],
  ['param', (db, value) => db.execute(sql`select ${sql.param(value)} as it`)],
  ['two', (db, value) => db.execute(sql`select ${value}::text as a, ${value}::int as b`)],
  [
    'any',
    (db, value) => db.execute(sql`select id from cells where n = any(${sql.param(value)}) order by id`),
  ],
  [
    'in',
    (db, value) =>
      db
        .select({ id: cells.id })
        .from(cells)
        .where(inArray(cells.n, [value, 1]))
        .orderBy(cells.id),
  ],
  [
    'or',
    (db, value) =>
      db
        .select({ id: cells.id })
        .from(cells)
        .where(or(eq(cells.t, value), gt(cells.n, 3)))
        .limit(2),
  ],
  ['limit', (db, value) => db.select({ id: cells.id }).from(cells).orderBy(cells.id).limit(value)],
  ['offset', (db, value) => db.select({ id: cells.id }).from(cells).orderBy(cells.id).limit(3).offset(value)],
  ['count', (db, value) => db.$count(cells, eq(cells.n, value))],
  ['delete', (db, value) => db.delete(cells).where(eq(cells.v, value))],
  [
    'delete raw or',
    (db, value) => db.delete(cells).where(sql`n = 40 or t = ${value}`).returning({ id: cells.id }),
  ],
  ['update all', (db, value) => db.update(cells).set({ t: value })],
  [
    'update from',
    (db, value) =>
      db
        .update(cells)
        .set({ n: 8 })
        .from(notes)
        .where(sql`${notes.cell} = ${cells.id} and ${eq(notes.note, value)}`),
  ],
  [
    'upsert',
    (db) =>
      db
        .insert(cells)
        .values({ id: 1, t: 'up' })
        .onConflictDoUpdate({ target: cells.id, set: { t: 'again' } })
        .returning({ t: cells.t }),
  ],
  [
    'insert select',
    (db, value) =>
      db.insert(notes).select(
        db
          .select({
            id: sql<number>`max(${notes.id}) + 1`.as('id'),
            cell: sql<number>`1`.as('cell'),
            note: sql<string>`${value}::text`.as('note'),
          })
          .from(notes),
      ),
  ],
  ['insert', (db) => db.insert(notes).values({ id: sql`(select max(id) + 1 from notes)`, note: 'kept' })],
  ...relationalStatements,
  [
    'prepared',
    (db, value) =>
      db
        .select({ id: cells.id })
        .from(cells)
        .where(eq(cells.n, sql.placeholder('n')))
        .orderBy(cells.id)
        .prepare('by_n')
        .execute({ n: value }),
  ],
  [
    'prepared text',
    (db, value) =>
      db
        .select({ id: cells.id })
        .from(cells)
        .where(eq(cells.t, sql.placeholder('t')))
        .prepare('by_t')
        .execute({ t: value }),
  ],
  // The types of its result change with `alter`.
  [
    'prepared all',
    (db, value) =>
      db
        .select()
        .from(cells)
        .where(eq(cells.t, sql.placeholder('t')))
        .prepare('all_by_t')
        .execute({ t: value }),
  ],
  [
    'prepared delete',
    (db, value) =>
      db
        .delete(notes)
        .where(eq(notes.note, sql.placeholder('note')))
        .returning()
        .prepare('delete_note')
        .execute({ note: value }),
  ],
  [
    'cte',
    (db, value) => {
      const few = db.$with('few').as(db.select({ id: cells.id }).from(cells).where(eq(cells.t, value)));
      return db.with(few).select().from(few);
    },
  ],
  [
    'for update',
    (db, value) => db.select({ id: cells.id }).from(cells).where(eq(cells.n, value)).for('update'),
  ],
  ['fails', (db) => db.execute(sql`select 1 / 0`)],
  ['no such', (db, value) => db.execute(sql`select nothing from cells where t = ${value}`)],
  ['plain', (db) => db.execute(sql`select id, t from cells order by id`)],
]);

export const create: readonly string[] = [
  'drop table if exists cells, notes',
  `create table cells (id int primary key, t text, v varchar(20), n int, big bigint, num numeric, b boolean, bin bytea, j json, jb jsonb, d date, ts timestamptz, at timestamp, u uuid, ints int[], texts text[], "rawInts" int[], "rawBool" boolean, "rawJson" jsonb, turns text)`,
  'create table notes (id int primary key, cell int, note text)',
];

export const reset: SQL[] = [
  sql`truncate cells, notes`,
  sql`alter table cells alter turns type text using turns::text`,
  sql`insert into cells (id, t, v, n, big, num, b, bin, j, jb, ints, texts, turns)
    select i, i::text, i::text, i, i, i, i % 2 = 0, 'a', '1', '1', '{1,2}', '{a}', i % 2 = 0 from generate_series(1, 5) i`,
  sql`insert into notes select i, i, i::text from generate_series(1, 5) i`,
];

/** Makes a text column boolean. */
export function alter(): SQL {
  return sql`alter table cells alter turns type boolean using turns::boolean`;
}
