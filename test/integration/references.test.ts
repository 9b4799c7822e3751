import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { integer, pgTable, serial, text, uuid } from 'drizzle-orm/pg-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { BatchedInsertError } from '../../src/take/insert-error.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import {
  addresses,
  events,
  logs,
  members,
  nodes,
  organizations,
  teams,
  tokens,
  users,
} from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** A child of any table, without foreign keys. Only the references show which table refers to which. */
const links = pgTable('links', {
  id: serial('id').primaryKey(),
  uuid: uuid('uuid'),
  text: text('text'),
  number: integer('number'),
});

const check = drizzle(database.client());
const db = batchedDrizzle(database.client());

beforeAll(async () => {
  await check.execute('create table links (id serial primary key, uuid uuid, text text, number int)');
});
beforeEach(async () => {
  await check.execute(emptyTables());
  await check.execute('truncate links restart identity');
});

describe('three tables deep', () => {
  test('1,000 rows, beside a client that takes keys of the same sequences: every id given is the id in the table', async () => {
    let isDone = false;
    const other = database.connect({ max: 1 });
    let taken = 0;
    const disturbing = (async () => {
      while (!isDone) {
        await other`select nextval('organizations_id_seq'), nextval('teams_id_seq'), nextval('members_id_seq')`;
        taken++;
      }
    })();
    await expect.poll(() => taken).toBeGreaterThan(0);

    const before = taken;
    const given = await db.transaction(async (tx) => {
      const rows = [];
      for (let o = 0; o < 10; o++) {
        const organization = tx
          .insert(organizations)
          .values({ name: `o${o}` })
          .returning();
        for (let t = 0; t < 9; t++) {
          const team = tx
            .insert(teams)
            .values({ name: `o${o} t${t}`, organizationId: organization.ref('id') })
            .returning();
          for (let m = 0; m < 10; m++) {
            const member = tx
              .insert(members)
              .values({ email: `o${o} t${t} m${m}`, teamId: team.ref('id') })
              .returning();
            rows.push(Promise.all([organization, team, member]));
          }
          // Flushes in the middle, so that others insert between the rows and not only between the
          // transactions.
          if (t % 3 === 0) await tx.flush();
        }
      }
      return Promise.all(rows);
    });
    expect(taken).toBeGreaterThan(before);
    isDone = true;
    await disturbing;

    expect(given).toHaveLength(900);
    const counts = await Promise.all([organizations, teams, members].map((table) => check.$count(table)));
    expect(counts).toEqual([10, 90, 900]);
    const found = await check
      .select()
      .from(members)
      .innerJoin(teams, eq(members.teamId, teams.id))
      .innerJoin(organizations, eq(teams.organizationId, organizations.id));
    const byEmail = new Map(found.map((row) => [row.members.email, row]));
    for (const [[organization], [team], [member]] of given) {
      expect(byEmail.get(member?.email ?? '')).toEqual({
        organizations: organization,
        teams: team,
        members: member,
      });
      expect(member?.email.startsWith(`${team?.name} `)).toBe(true);
      expect(team?.name.startsWith(`${organization?.name} `)).toBe(true);
    }
  });

  test('through sequences that count by sevens, downwards and from elsewhere', async () => {
    await check.execute(sql`
      alter sequence organizations_id_seq increment 7 restart 1000;
      alter sequence teams_id_seq increment -3 minvalue -1000 restart -5 cache 20`);
    try {
      await db.transaction(async (tx) => {
        for (let number = 0; number < 50; number++) {
          const organization = tx.insert(organizations).values({ name: `${number}` });
          const team = tx.insert(teams).values({ name: `${number}`, organizationId: organization.ref('id') });
          tx.insert(members).values({ email: `${number}`, teamId: team.ref('id') });
        }
      });
      const found = rowsOf(
        await check.execute(sql`
        select o.id::int as o, t.id as t, o.name = t.name and t.name = m.email as wired from members m
        join teams t on t.id = m.team_id join organizations o on o.id = t.organization_id order by o.id`),
      );
      expect(found.map(({ wired }) => wired)).toEqual(Array(50).fill(true));
      expect(found.slice(0, 2)).toMatchObject([
        { o: 1000, t: -5 },
        { o: 1007, t: -8 },
      ]);
    } finally {
      await check.execute(sql`
        alter sequence organizations_id_seq increment 1 restart 1;
        alter sequence teams_id_seq increment 1 minvalue 1 restart 1 cache 1`);
    }
  });
});

/** How many entries of another table a transaction begins with, so that it is large enough to share statements, or not. */
describe.each([
  ['few inserts', 0],
  ['inserts that may share statements', manyEntries],
])('%s', (_size, others) => {
  const transaction: typeof db.transaction = (work, config) =>
    db.transaction((tx) => {
      for (let n = 0; n < others; n++) tx.insert(logs).values({ level: 'info', message: `${n}` });
      return work(tx);
    }, config);

  describe('ref()', () => {
    test('names a row by its index', async () => {
      await transaction(async (tx) => {
        const user = tx.insert(users).values(['a', 'b', 'c'].map((name) => ({ name })));
        for (const row of [2, 0, 1])
          tx.insert(addresses).values({ email: 'abc'[row] as string, userId: user.ref('id', row) });
      });
      const found = await check
        .select({ email: addresses.email, name: users.name })
        .from(addresses)
        .innerJoin(users, eq(users.id, addresses.userId))
        .orderBy(addresses.email);
      expect(found.map(({ email, name }) => [email, name])).toEqual([
        ['a', 'a'],
        ['b', 'b'],
        ['c', 'c'],
      ]);
    });

    test('of rows of which some give their own id', async () => {
      await transaction(async (tx) => {
        const user = tx.insert(users).values([{ name: 'a' }, { id: 500, name: 'b' }, { name: 'c' }]);
        for (const row of [0, 1, 2])
          tx.insert(addresses).values({ email: 'abc'[row] as string, userId: user.ref('id', row) });
      });
      const found = await check
        .select({ email: addresses.email, name: users.name, id: users.id })
        .from(addresses)
        .innerJoin(users, eq(users.id, addresses.userId))
        .orderBy(addresses.email);
      expect(found.map(({ email, name }) => email + name)).toEqual(['aa', 'bb', 'cc']);
      expect(found[1]?.id).toBe(500);
    });

    test('of rows that take two statements, and are known from RETURNING', async () => {
      // A trigger sets the ids, so they can't be known before.
      await check.execute(sql`
      drop table if exists made;
      create table made (id int primary key, label text, extra int);
      create or replace function make() returns trigger language plpgsql as $$
        begin new.id := 1000 + ascii(new.label); return new; end $$;
      create trigger make before insert on made for each row execute function make()`);
      const made = pgTable('made', {
        id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
        label: text('label'),
        extra: integer('extra'),
      });
      await transaction(async (tx) => {
        const rows = tx
          .insert(made)
          .values([{ label: 'a', extra: 1 }, { label: 'b' }, { label: 'c', extra: 1 }]);
        for (const row of [0, 1, 2])
          tx.insert(links).values({ text: 'abc'[row] as string, number: rows.ref('id', row) });
      });
      const found = await check.select().from(links).orderBy(links.text);
      expect(found.map(({ number }) => number)).toEqual([1097, 1098, 1099]);
    });

    test('of values that the caller gave, of $defaultFn, of defaultRandom()', async () => {
      const id = randomUUID();
      const [token, event] = await transaction((tx) => {
        const given = tx.insert(tokens).values({ id, label: 'given' });
        const made = tx.insert(tokens).values({ label: 'made' });
        const random = tx
          .insert(events)
          .values([{ kind: 'a' }, { kind: 'b' }])
          .returning();
        tx.insert(links).values([
          { text: 'given', uuid: given.ref('id') },
          { text: 'label', number: 1, uuid: null },
          { text: 'made', uuid: made.ref('id') },
          { text: 'random', uuid: random.ref('id', 1) },
        ]);
        tx.insert(links).values({ text: given.ref('label') });
        return Promise.all([made.returning(), random]);
      });
      const found = await check.select().from(links).orderBy(links.id);
      expect(found.map(({ text, uuid }) => [text, uuid])).toEqual([
        ['given', id],
        ['label', null],
        ['made', token[0]?.id],
        ['random', event[1]?.id],
        ['given', null],
      ]);
    });

    test('of itself: a tree in one flight', async () => {
      await transaction(async (tx) => {
        const root = tx.insert(nodes).values({ label: '' });
        for (const first of 'abc') {
          const child = tx.insert(nodes).values({ label: first, parentId: root.ref('id') });
          for (const second of 'xyz') {
            const grandchild = tx.insert(nodes).values({ label: first + second, parentId: child.ref('id') });
            tx.insert(nodes).values({ label: `${first}${second}!`, parentId: grandchild.ref('id') });
          }
        }
      });
      const found = rowsOf(
        await check.execute<{ label: string; parent: string }>(
          sql`select n.label, p.label as parent from nodes n join nodes p on p.id = n.parent_id`,
        ),
      );
      expect(found).toHaveLength(21);
      for (const { label, parent } of found) expect(parent).toBe(label.slice(0, -1));
    });

    test('of a reference is what that stands for', async () => {
      await transaction(async (tx) => {
        const user = tx.insert(users).values({ name: 'a' });
        const address = tx.insert(addresses).values({ email: 'a', userId: user.ref('id') });
        tx.insert(links).values({ number: address.ref('userId') });
      });
      const [user] = await check.select().from(users);
      expect(await check.select().from(links)).toMatchObject([{ number: user?.id }]);
    });

    test('works on the database as in a transaction', async () => {
      const user = db.insert(users).values([{ name: 'a' }, { name: 'b' }]);
      db.insert(addresses).values({ email: 'a', userId: user.ref('id', 1) });
      await db.flush();
      const [row] = await check.select().from(users).where(eq(users.name, 'b'));
      expect(await check.select().from(addresses)).toMatchObject([{ userId: row?.id }]);
    });

    test('to an insert on the database that nobody awaits has it written along', async () => {
      const user = db.insert(users).values({ name: 'parent' });
      const [address] = await db
        .insert(addresses)
        .values({ email: 'a', userId: user.ref('id') })
        .returning();
      const [row] = await check.select().from(users);
      expect(address?.userId).toBe(row?.id);
      expect(db.pending).toBe(0);
    });

    test('to an insert of a flush that is under way waits for its fate', async () => {
      const user = db.insert(users).values([{ name: 'a' }, { name: 'b' }]);
      const id = user.ref('id', 1);
      const first = db.flush();
      db.insert(addresses).values({ email: 'a', userId: id });
      await Promise.all([first, db.flush()]);
      const [row] = await check.select().from(users).where(eq(users.name, 'b'));
      expect(await check.select().from(addresses)).toMatchObject([{ userId: row?.id }]);
    });

    test('to an insert that was written before, with the key returned', async () => {
      const [userId, id] = await transaction(async (tx) => {
        const user = tx.insert(users).values({ name: 'a' }).returning();
        const [row] = await user;
        const [address] = await tx
          .insert(addresses)
          .values({ email: 'a', userId: user.ref('id') })
          .returning();
        return [address?.userId, row?.id];
      });
      expect(userId).toBe(id);
    });

    test('to an insert that was written before, named only then', async () => {
      await transaction(async (tx) => {
        const user = tx.insert(users).values({ name: 'a' });
        await tx.$count(users);
        tx.insert(addresses).values({ email: 'a', userId: user.ref('id') });
      });
      const [user] = await check.select().from(users);
      expect(await check.select().from(addresses)).toMatchObject([{ userId: user?.id }]);
    });

    test('to an insert that was written and whose caller has its result, without the key, throws at once', async () => {
      await transaction(async (tx) => {
        for (const rows of [[{ name: 'a' }], [{ name: 'b' }, { name: 'c' }]]) {
          const user = tx.insert(users).values(rows);
          await user;
          expect(() => user.ref('id')).toThrow(
            expect.objectContaining({
              code: 'BAD_REFERENCE',
              message: `ref('id') to "users": its insert has been written and nobody had asked for its key; call ref() before that, or chain returning()`,
            }),
          );
          expect(user.ref('name')).toBeDefined();
        }
      });
      expect(await check.$count(users)).toBe(3);
    });

    test('to an insert that was awaited with returning(), or named before, stands for its key', async () => {
      await transaction(async (tx) => {
        const returned = tx
          .insert(users)
          .values([{ name: 'a' }, { name: 'b' }])
          .returning();
        const named = tx.insert(users).values({ name: 'c' });
        const id = named.ref('id');
        await Promise.all([returned, named]);
        tx.insert(links).values([
          { text: 'b', number: returned.ref('id', 1) },
          { text: 'c', number: id },
          { text: 'c', number: named.ref('id') },
        ]);
      });
      const ids = new Map((await check.select().from(users)).map(({ id, name }) => [name, id]));
      const found = await check.select().from(links);
      expect(found).toHaveLength(3);
      for (const { text, number } of found) expect(number).toBe(ids.get(text));
    });
  });

  describe('a reference in later statements of the transaction', () => {
    test('stands in where and set', async () => {
      const seen = await transaction(async (tx) => {
        const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
        tx.insert(addresses).values({ email: 'x' });
        await tx.update(addresses).set({ userId: user.ref('id', 1) });
        await tx
          .update(users)
          .set({ name: 'changed' })
          .where(eq(users.id, user.ref('id', 1)));
        return tx
          .select()
          .from(users)
          .where(eq(users.id, user.ref('id', 1)));
      });
      const rows = await check.select().from(users).orderBy(users.id);
      expect(rows.map(({ name }) => name)).toEqual(['a', 'changed']);
      expect(seen).toEqual([rows[1]]);
      expect(await check.select().from(addresses)).toMatchObject([{ userId: rows[1]?.id }]);
    });

    test('stands in sql, in a delete, in $count and in a selection', async () => {
      await transaction(async (tx) => {
        const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
        const id = user.ref('id', 1);
        expect(await tx.$count(users, eq(users.id, id))).toBe(1);
        const [row] = rowsOf(
          await tx.execute<{ name: string }>(sql`select name from users where id = ${id}`),
        );
        expect(row?.name).toBe('b');
        const [selected] = await tx
          .select({ same: sql<boolean>`${users.id} = ${id}` })
          .from(users)
          .where(eq(users.name, 'b'));
        expect(selected?.same).toBe(true);
        await tx.delete(users).where(eq(users.id, id));
      });
      expect((await check.select().from(users)).map(({ name }) => name)).toEqual(['a']);
    });

    test('stands in a statement that was built before the flush', async () => {
      const seen = await transaction(async (tx) => {
        const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
        const query = tx
          .select({ name: users.name })
          .from(users)
          .where(eq(users.id, user.ref('id', 1)))
          .prepare('by_reference');
        await tx.flush();
        return [await query.execute(), await query.execute()];
      });
      expect(seen).toEqual([[{ name: 'b' }], [{ name: 'b' }]]);
    });

    test('stands in an sql expression of another insert', async () => {
      await transaction(async (tx) => {
        const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
        tx.insert(links).values({ number: sql`${user.ref('id', 1)} * ${10}` });
        tx.insert(links).values({ number: sql`(select max(number) + ${user.ref('id', 0)} from links)` });
      });
      const rows = await check.select().from(users).orderBy(users.id);
      const [first, second] = await check.select().from(links).orderBy(links.id);
      const product = (rows[1]?.id ?? 0) * 10;
      expect([first?.number, second?.number]).toEqual([product, product + (rows[0]?.id ?? 0)]);
    });

    test('stands in a conflict clause', async () => {
      await transaction(async (tx) => {
        await tx.insert(links).values({ id: 1, number: 1 });
        const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
        tx.insert(links)
          .values({ id: 1 })
          .onConflictDoUpdate({ target: links.id, set: { number: sql`${user.ref('id', 1)}` } });
      });
      const [user] = await check.select().from(users).where(eq(users.name, 'b'));
      expect(await check.select().from(links)).toMatchObject([{ id: 1, number: user?.id }]);
    });
  });
});

describe('a reference that leads nowhere', () => {
  test('to a column that does not exist throws at once, and lists those allowed', () => {
    const user = batchedDrizzle.mock().insert(users).values({ name: 'a' });
    expect(() => user.ref('nonsense' as never)).toThrow(
      expect.objectContaining({
        code: 'BAD_REFERENCE',
        message: `ref('nonsense') to "users": no such column; allowed: 'id', 'name'`,
      }),
    );
  });

  test('to a row that does not exist throws at once', () => {
    const user = batchedDrizzle
      .mock()
      .insert(users)
      .values([{ name: 'a' }, { name: 'b' }]);
    for (const row of [2, -1, 0.5]) {
      expect(() => user.ref('id', row)).toThrow(
        `ref('id', ${row}): rowIndex is out of range; allowed: 0 to 1`,
      );
    }
  });

  test('to an insert that failed rejects with that failure as its cause', async () => {
    await check.insert(users).values({ name: 'taken' });
    const user = db.insert(users).values({ name: 'taken' });
    const failed = await rejectionOf(user);
    const error = await rejectionOf(db.insert(addresses).values({ email: 'a', userId: user.ref('id') }));
    expect(error).toBeInstanceOf(BatchedInsertError);
    expect(error.cause).toMatchObject({ code: 'BAD_REFERENCE', cause: failed });
    expect(await check.$count(addresses)).toBe(0);
  });

  test('to an insert of the same flush with a value that its column cannot take rejects with that as its cause', async () => {
    const bad = { name: driver.unsendable as never };
    const user = db.insert(users).values(bad);
    const settled = await Promise.allSettled([
      user,
      db.insert(addresses).values({ email: 'child', userId: user.ref('id') }),
      db.insert(addresses).values({ email: 'other' }),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    const [parent, child] = settled as PromiseRejectedResult[];
    expect(child?.reason.cause).toMatchObject({ code: 'BAD_REFERENCE', cause: parent?.reason });
    expect((await check.select().from(addresses)).map(({ email }) => email)).toEqual(['other']);
  });

  test('to an insert of another queue that is not written yet rejects, and says so', async () => {
    const user = db.insert(users).values({ name: 'a' });
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        await tx.insert(addresses).values({ email: 'a', userId: user.ref('id') });
      }),
    );
    expect(error.cause).toMatchObject({
      code: 'BAD_REFERENCE',
      message:
        'ref to "users".id: its insert is not written yet; flush() the database or transaction it was made on first',
    });
    expect(await check.$count(addresses)).toBe(0);
    await db.flush();
  });

  test('to an insert of another queue that is written stands for its key', async () => {
    const user = db.insert(users).values({ name: 'a' });
    const userId = user.ref('id');
    await db.flush();
    await db.transaction(async (tx) => {
      tx.insert(addresses).values({ email: 'a', userId });
    });
    const [row] = await check.select().from(users);
    expect(await check.select().from(addresses)).toMatchObject([{ userId: row?.id }]);
  });

  test('to an insert that was dropped with its transaction rejects with the reason as its cause', async () => {
    const reason = new Error('enough');
    let reference: ReturnType<ReturnType<BatchedDatabase['insert']>['values']> | undefined;
    await rejectionOf(
      db.transaction(async (tx) => {
        reference = tx.insert(users).values({ name: 'a' }) as never;
        throw reason;
      }),
    );
    const error = await rejectionOf(
      db.insert(addresses).values({ email: 'a', userId: reference?.ref('id' as never) as never }),
    );
    expect(error.cause).toMatchObject({ code: 'BAD_REFERENCE', cause: reason });
  });

  test('in a where of a statement on the database rejects, and says so', async () => {
    const user = db.insert(users).values({ name: 'a' });
    const error = await rejectionOf(
      db
        .select()
        .from(users)
        .where(eq(users.id, user.ref('id'))),
    );
    expect(`${error.message} ${error.cause}`).toContain('ref to "users".id: its insert is not written yet');
    await db.flush();
  });
});

test('an insert that is awaited twice by its children is written once', async () => {
  await db.transaction(async (tx) => {
    const user = tx.insert(users).values({ name: 'a' });
    await Promise.all([
      tx.insert(addresses).values({ email: 'a', userId: user.ref('id') }),
      user,
      tx.insert(addresses).values({ email: 'b', userId: user.ref('id') }),
    ]);
    tx.insert(logs).values({ level: 'info', message: 'done' });
  });
  expect(await check.$count(users)).toBe(1);
  expect(await check.$count(addresses)).toBe(2);
});
