import type { Open, Session, Setting } from './side.ts';

/** One way to insert, in the form that its own documentation recommends. */
export interface Side {
  readonly name: string;
  /** A line that describes it. */
  readonly what: string;
  /** Whether it is this library. */
  readonly isOurs?: boolean;
  /** It returns no ids and has no peers. It shows the best that the server can do. */
  readonly isReference?: boolean;
  /** A variant, with another setting or for some jobs, which only some cells compare. */
  readonly isVariant?: boolean;
  /** Why the side can't be measured here; `undefined` if it can. */
  lacks?(): Promise<string | undefined>;
  /**
   * Loads the packages of the side only when they are needed, so that a process has no other side's packages
   * in memory.
   */
  load(): Promise<Open>;
}

export const sides: readonly Side[] = [
  {
    name: 'drizzle: loop',
    what: 'drizzle-orm on postgres.js, `await tx.insert(t).values(row).returning()` for each row, children behind their parent',
    load: async () => (await import('./drizzle.ts')).drizzleLoop,
  },
  {
    name: 'drizzle: Promise.all',
    what: 'drizzle-orm on postgres.js, `Promise.all(rows.map((row) => tx.insert(t).values(row).returning()))`',
    load: async () => (await import('./drizzle.ts')).drizzleAll,
  },
  {
    name: 'drizzle: multi-row',
    what: 'drizzle-orm on postgres.js, rows gathered by hand for `insert(t).values(rows).returning()`, 5,000 a statement',
    load: async () => (await import('./drizzle.ts')).drizzleRows,
  },
  {
    name: 'drizzle on pg: loop',
    what: 'drizzle-orm on node-postgres, `await tx.insert(t).values(row).returning()` for each row, children behind their parent, where drivers are compared',
    isVariant: true,
    load: async () => (await import('./drizzle-pg.ts')).drizzlePgLoop,
  },
  {
    name: 'drizzle on pg: multi-row',
    what: 'drizzle-orm on node-postgres, `insert(t).values(rows).returning()`, 5,000 rows a statement',
    load: async () => (await import('./drizzle-pg.ts')).drizzlePgRows,
  },
  {
    name: 'drizzle on pg: pipeline',
    what: 'drizzle-orm on node-postgres with `pipeline: true`, `Promise.all` of an insert a row',
    load: async () => (await import('./drizzle-pg.ts')).drizzlePgPipeline,
  },
  {
    name: 'drizzle on pg: each awaited',
    what: 'drizzle-orm on node-postgres, each statement awaited, in the programs',
    isVariant: true,
    load: async () => (await import('./drizzle-pg.ts')).drizzlePgAwaited,
  },
  {
    name: 'postgres.js: helper',
    what: 'postgres.js without an ORM, rows through its helper `sql(rows)` in a tagged template, 5,000 rows a statement',
    load: async () => (await import('./postgres-js.ts')).postgresJs,
  },
  {
    name: 'kysely',
    what: 'Kysely on node-postgres, `insertInto(t).values(rows).returning(id).execute()`, 5,000 rows a statement',
    load: async () => (await import('./kysely.ts')).kysely,
  },
  {
    name: 'knex: batchInsert',
    what: 'Knex on node-postgres, `batchInsert(t, rows).returning(id)` in a transaction, its own 1,000 rows a statement',
    load: async () => (await import('./knex.ts')).knex,
  },
  {
    name: 'pg-promise: helpers',
    what: 'pg-promise, `helpers.insert(rows, columnSet)` with values in the SQL text, 10,000 rows a statement',
    load: async () => (await import('./pg-promise.ts')).pgPromiseSide,
  },
  {
    name: 'sequelize: bulkCreate',
    what: 'Sequelize, `Model.bulkCreate(rows, { returning: [id], transaction })`, all rows in one statement',
    load: async () => (await import('./sequelize.ts')).sequelize,
  },
  {
    name: 'typeorm: save',
    what: 'TypeORM, `repository.save(entities, { chunk: 1000 })`, addresses by cascade from their users',
    load: async () => (await import('./typeorm.ts')).typeormSave,
  },
  {
    name: 'typeorm: insert',
    what: 'TypeORM, `manager.insert(Entity, rows)`, which neither cascades nor tracks, 5,000 rows a statement',
    load: async () => (await import('./typeorm.ts')).typeormInsert,
  },
  {
    name: 'MikroORM: flush',
    what: 'MikroORM, `em.create()` for each entity and one `em.flush()` in `em.transactional()`, its own 300 rows a statement',
    load: async () => (await import('./mikro-orm.ts')).mikroOrm,
  },
  {
    name: 'unnest by hand',
    what: 'postgres.js, a hand-written `insert into t select … from unnest($1::int[], …) returning id`, prepared, 10,000 rows a statement',
    load: async () => (await import('./postgres-js.ts')).unnest,
  },
  {
    name: 'COPY',
    what: 'node-postgres with pg-copy-streams, keys taken ahead from the sequence, then `copy t from stdin` with them, as text',
    load: async () => (await import('./copy.ts')).copy,
  },
  {
    name: 'psql \\copy (no ids)',
    what: 'psql, `\\copy t from file`, the file made and psql started beforehand; no ids come back: for reference',
    isReference: true,
    lacks: async () => (await import('./psql.ts')).lacksPsql,
    load: async () => (await import('./psql.ts')).psqlCopy,
  },
  {
    name: 'batched: insert() a row',
    what: 'this library, `tx.insert(t).values(row).returning()` for each row, a child naming its parent by `ref()`, ids awaited behind the transaction',
    isOurs: true,
    load: async () => (await import('./batched.ts')).batchedInsert,
  },
  {
    name: 'batched: values(rows)',
    what: 'this library, one `tx.insert(t).values(rows).returning()` for all rows of a table, however many',
    isOurs: true,
    load: async () => (await import('./batched.ts')).batchedValues,
  },
  {
    name: 'batched: values(rows) by COPY',
    what: 'this library, the same with `copyRows: 1`, to see from how many rows on COPY is the faster',
    isOurs: true,
    isVariant: true,
    load: async () => (await import('./batched.ts')).batchedCopy,
  },
  {
    name: 'batched: each awaited',
    what: 'this library, `await tx.insert(t).values(row).returning()` for each row, children behind their parent, in the job `small`; and each statement awaited, in the programs',
    isOurs: true,
    isVariant: true,
    load: async () => (await import('./batched.ts')).batchedAwaited,
  },
  {
    name: 'batched on pg: insert() a row',
    what: 'this library on node-postgres, `batched-drizzle/node-postgres`, the same as `batched: insert() a row`',
    isOurs: true,
    load: async () => (await import('./batched-pg.ts')).batchedPgInsert,
  },
  {
    name: 'batched on pg: each awaited',
    what: 'this library on node-postgres, the same as `batched: each awaited`',
    isOurs: true,
    isVariant: true,
    load: async () => (await import('./batched-pg.ts')).batchedPgAwaited,
  },
  {
    name: 'batched: each queued',
    what: "this library with `batch: { awaits: 'queued' }`, `await tx.insert(t).values(row).returning()` for each row, in the job `await each`",
    isOurs: true,
    load: async () => (await import('./batched.ts')).batchedQueued,
  },
  {
    name: 'batched: groups of 100',
    what: 'this library, `await Promise.all(…)` of 100 inserts of a row at a time',
    isOurs: true,
    load: async () => (await import('./batched.ts')).batchedGroups,
  },
];

export const isOurs = (name: string) => sides.find((side) => side.name === name)?.isOurs === true;
export const isReference = (name: string) => sides.find((side) => side.name === name)?.isReference === true;

export function sideNamed(name: string): Side {
  const side = sides.find((each) => each.name === name);
  if (!side) throw new Error(`no side is called '${name}'`);
  return side;
}

/** Connects the side of this name. */
export async function openSide(name: string, setting: Setting): Promise<Session> {
  return (await sideNamed(name).load())(setting);
}
