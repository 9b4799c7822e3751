import { sql } from 'drizzle-orm';
import { integer, pgEnum, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const mood = pgEnum('mood', ['calm', 'glad']);

const parents = pgTable('parents', { id: serial('id').primaryKey(), name: text('name'), mood: mood('mood') });

const children = pgTable('children', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  parentId: integer('parent_id'),
  name: text('name'),
});

const beside = pgTable('beside', { n: integer('n') });

const role = `batched_drizzle_role_${process.pid}`;

const check = drizzle(database.client());
let db: BatchedDatabase;

/** The SQL that creates the tables, with keys that begin at `first`. */
function make(first: number): string {
  return `
    drop table if exists children, parents, elsewhere;
    drop type if exists mood;
    create type mood as enum ('calm', 'glad');
    create table if not exists beside (n int);
    create table parents (id serial primary key, name text, mood mood);
    alter sequence parents_id_seq restart ${first};
    create table children (
      id int primary key generated always as identity (start ${first}), parent_id int references parents, name text)`;
}

beforeAll(async () => {
  await check.execute(`create role ${role}`);
});
afterAll(async () => {
  const last = drizzle(database.client({ max: 1 }));
  await last.execute(`drop owned by ${role}; drop role ${role}`);
});
beforeEach(async () => {
  await check.execute(make(1));
  db = batchedDrizzle(database.client());
  others = manyEntries;
  await db.transaction(async (tx) => void family(tx, 'known'));
});

type Scope = Pick<BatchedDatabase, 'insert'>;

/** How many entries of another table a flush has, so that it is large enough to share statements, or not. */
let others = 0;

function addOthers(scope: Scope): void {
  for (let n = 0; n < others; n++) scope.insert(beside).values({ n });
}

/** Two parents with a child each; the children refer to their parents. */
function family(scope: Scope, name: string): PromiseLike<unknown>[] {
  addOthers(scope);
  const both = scope.insert(parents).values(['calm', 'glad'].map((each) => ({ name, mood: each as 'calm' })));
  return [
    both,
    ...[1, 0].map((row) => scope.insert(children).values({ name, parentId: both.ref('id', row) })),
  ];
}

/** The keys of a family: each parent with its child. */
async function familyIn(schema: string, name: string): Promise<unknown[]> {
  const rows = rowsOf(
    await check.execute<{ parent: number; mood: string; child: number }>(sql`
    select p.id as parent, p.mood, c.id as child from ${sql.identifier(schema)}.parents p
    join ${sql.identifier(schema)}.children c on c.parent_id = p.id where p.name = ${name} order by p.id`),
  );
  return rows.map(({ parent, mood: feels, child }) => [parent, feels, child]);
}

describe.each([
  ['few inserts', 0],
  ['inserts that may share statements', manyEntries],
])('%s', (_size, count) => {
  beforeEach(() => {
    others = count;
  });

  describe('facts about a table hold for one relation', () => {
    test('search_path may differ from one transaction to the next (schema per tenant)', async () => {
      for (const [tenant, first] of [
        ['tenant_a', 1000],
        ['tenant_b', 2000],
      ] as const) {
        await check.transaction(async (tx) => {
          await tx.execute(sql`drop schema if exists ${sql.identifier(tenant)} cascade`);
          await tx.execute(sql`create schema ${sql.identifier(tenant)}`);
          await tx.execute(sql`set local search_path to ${sql.identifier(tenant)}`);
          await tx.execute(make(first));
        });
      }
      for (const name of ['first', 'second']) {
        for (const tenant of ['tenant_a', 'tenant_b']) {
          await db.transaction(async (tx) => {
            await tx.execute(sql`set local search_path to ${sql.identifier(tenant)}`);
            family(tx, name);
          });
        }
        await db.transaction(async (tx) => void family(tx, name));
      }
      expect(await familyIn('tenant_a', 'second')).toEqual([
        [1002, 'calm', 1003],
        [1003, 'glad', 1002],
      ]);
      expect(await familyIn('tenant_b', 'second')).toEqual([
        [2002, 'calm', 2003],
        [2003, 'glad', 2002],
      ]);
      expect(await familyIn('public', 'second')).toHaveLength(2);
    });

    test('a flush that is all its transaction has done reads the facts again and is sent again', async () => {
      await check.execute(make(500));
      await db.transaction(async (tx) => void family(tx, 'again'));
      expect(await familyIn('public', 'again')).toEqual([
        [500, 'calm', 501],
        [501, 'glad', 500],
      ]);
      await check.execute(make(700));
      family(db, 'once more');
      await db.flush();
      expect(await familyIn('public', 'once more')).toEqual([
        [700, 'calm', 701],
        [701, 'glad', 700],
      ]);
    });

    test('a flush behind other work of its transaction is written all the same', async () => {
      await db.transaction(async (tx) => {
        await tx.execute(sql`create temporary table worked on commit drop as select 1 as one`);
        await check.execute(make(500));
        family(tx, 'late');
        expect(rowsOf(await tx.execute(sql`select * from worked`))).toMatchObject([{ one: 1 }]);
      });
      expect(await familyIn('public', 'late')).toEqual([
        [expect.any(Number), 'calm', expect.any(Number)],
        [expect.any(Number), 'glad', expect.any(Number)],
      ]);
      expect(await check.$count(parents)).toBe(2);
      await db.transaction(async (tx) => {
        await tx.select({ one: sql`1` }).from(sql`pg_class limit 1`);
        await check.execute(make(700));
        family(tx, 'late and queued only');
      });
      expect(await familyIn('public', 'late and queued only')).toHaveLength(2);
      await db.transaction(async (tx) => {
        await tx.select({ one: sql`1` }).from(sql`pg_class limit 1`);
        await check.execute(make(900));
        addOthers(tx);
        tx.insert(parents).values({ name: 'by itself', mood: 'glad' });
      });
      expect(await check.select().from(parents)).toEqual([{ id: 900, name: 'by itself', mood: 'glad' }]);
    });

    test('after raw SQL in a transaction they are confirmed first', async () => {
      await db.transaction(async (tx) => {
        family(tx, 'before');
        await tx.execute('alter table children rename to elsewhere');
        await tx.execute('alter table parents alter id drop default, alter name type varchar(6)');
        await tx.execute(
          'create table children (id int generated always as identity (start 900), parent_id int, name text)',
        );
        await tx.execute('alter table parents alter id set default nextval($$parents_id_seq$$) + 300');
        tx.insert(children).values([{ name: 'behind' }, { name: 'behind' }]);
        tx.insert(parents).values([{ name: 'behind' }, { name: 'behind' }]);
      });
      expect((await check.select().from(children)).map(({ id }) => id)).toEqual([900, 901]);
      const ids = (await check.select().from(parents).where(sql`name = 'behind'`)).map(({ id }) => id);
      expect(Math.min(...ids)).toBeGreaterThan(300);
    });

    test('no sequence name or type oid of a user type is kept: names resolve in the server, at each flush', async () => {
      await check.execute(`
      alter sequence parents_id_seq rename to renamed;
      alter table parents alter mood type text;
      drop type mood;
      create type mood as enum ('glad', 'calm');
      alter table parents alter mood type mood using mood::mood;
      alter sequence renamed restart 300`);
      await db.transaction(async (tx) => void family(tx, 'renamed'));
      const written = (await familyIn('public', 'renamed')) as [number, string, number][];
      expect(written.map(([, feels]) => feels)).toEqual(['calm', 'glad']);
      for (const [parent] of written) expect(parent).toBeGreaterThanOrEqual(300);
    });
  });

  describe('facts about a table hold for one current_user, and no statement needs a privilege that the plain insert does not:', () => {
    async function granted(...privileges: string[]): Promise<void> {
      await check.execute(
        ['insert on beside', ...privileges].map((privilege) => `grant ${privilege} to ${role}`).join('; '),
      );
    }

    /** A transaction that sets the role on a shared connection, and a client of the role's own. */
    const ways: [string, (work: (scope: Scope) => Promise<unknown>) => Promise<unknown>][] = [
      [
        'in a transaction that sets the role',
        (work) =>
          db.transaction(async (tx) => {
            await tx.execute(`set local role ${role}`);
            addOthers(tx);
            return work(tx);
          }),
      ],
      [
        'on the database',
        (work) => {
          const own = batchedDrizzle(database.client({ connection: { role } as never }));
          addOthers(own);
          return work(own);
        },
      ],
    ];

    describe.each(ways)('%s', (_, as) => {
      test('rows are inserted without leave to select them, or to use the sequence of an identity', async () => {
        await granted('insert on children');
        await as(async (scope) => {
          const names = ['a', 'b', 'c'];
          await Promise.all(names.map((name) => scope.insert(children).values({ name })));
          await scope.insert(children).values(names.map((name) => ({ name })));
          await scope.insert(children).values({ name: 'alone' });
        });
        expect(await check.$count(children)).toBe(2 + 7);
      });

      test('references take keys ahead where the role may use the sequence, and nothing is selected', async () => {
        await granted('insert on parents', 'insert on children', 'usage on sequence parents_id_seq');
        await as(async (scope) => {
          // The check of the foreign key reads the parent with the privileges of the table's owner.
          await Promise.all(family(scope, 'mine'));
        });
        expect(await familyIn('public', 'mine')).toEqual([
          [3, 'calm', 4],
          [4, 'glad', 3],
        ]);
      });

      test('references are told by RETURNING where the role may select and not use the sequence', async () => {
        await granted('insert, select on children');
        await as(async (scope) => {
          const first = scope.insert(children).values([{ name: 'x' }, { name: 'y' }]);
          const name = sql`'child of ' || ${first.ref('id', 1)}::text`;
          await Promise.all([first, scope.insert(children).values({ name })]);
        });
        const rows = await check.select().from(children).orderBy(children.id);
        expect(rows.at(-1)?.name).toBe(`child of ${rows.at(-2)?.id}`);
      });

      test('references to rows that nobody awaits take their keys ahead, or have them told, too', async () => {
        await granted('insert on parents', 'insert, select on children', 'usage on sequence parents_id_seq');
        await as(async (scope) => {
          family(scope, 'mine');
          const first = scope.insert(children).values([{ name: 'x' }, { name: 'y' }]);
          scope.insert(children).values({ name: sql`'child of ' || ${first.ref('id', 1)}::text` });
          await (scope as BatchedDatabase).flush();
        });
        expect(await familyIn('public', 'mine')).toHaveLength(2);
        const rows = await check.select().from(children).orderBy(children.id);
        expect(rows.at(-1)?.name).toBe(`child of ${rows.at(-2)?.id}`);
      });

      test('what the plain insert may not do is refused as in drizzle', async () => {
        await granted('insert on children');
        const refused = await rejectionOf(
          as((scope) =>
            scope
              .insert(children)
              .values([{ name: 'a' }, { name: 'b' }])
              .returning(),
          ),
        );
        expect(refused.cause).toMatchObject({ code: '42501' });
        expect(await check.$count(children)).toBe(2);
      });
    });
  });
});
