import { asc, eq, sql } from 'drizzle-orm';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { driver, drizzle, errorOf, rowsOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, events, logs, members, nodes, organizations, teams, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());
let warm: Counted;

beforeAll(async () => {
  warm = await startCounted(database);
});
beforeEach(() => check.execute(emptyTables()));

/** The statements without line breaks, and without the flight's token. All tokens must be the same. */
function readable(statements: readonly string[]): string[] {
  const tokens = new Set(statements.flatMap((text) => text.match(/'[\da-f]{16}\.\d+'/g) ?? []));
  expect(tokens.size).toBeLessThanOrEqual(1);
  return statements.map((text) =>
    text
      .replaceAll(/'[\da-f]{16}\.\d+'/g, "'<token>'")
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
}

/** Without the schema of the functions, types and operators, which is `pg_catalog` in all of them. */
function unqualified(text: string): string {
  return text
    .replaceAll('operator(pg_catalog.~~)', 'like')
    .replaceAll(/operator\(pg_catalog\.(\W+)\)/g, '$1')
    .replaceAll('pg_catalog.', '');
}

/** One name more than there are own statements of a table. */
const manyNames = Array.from({ length: manyEntries }, (_, n) => `name ${n}`);

function tablesInserted(statements: readonly string[]): string[] {
  return statements.flatMap((text) => text.match(/insert into ("\w+")/)?.[1] ?? []);
}

test('a transaction of users and addresses is begin, one lock, one key query, one INSERT a table, commit', async () => {
  const { statements, trips } = await warm.count(() =>
    warm.db.transaction(async (tx) => {
      for (const name of manyNames) {
        const user = tx.insert(users).values({ name });
        for (const email of [`${name}@home`, `${name}@work`])
          tx.insert(addresses).values({ email, userId: user.ref('id') });
      }
    }),
  );
  expect(trips).toBe(1);
  const list =
    "with k0 as materialized (select string_to_array(current_setting('batched_drizzle.k0'), ',')::int4[] as a)";
  const sent = readable(statements).map(unqualified);
  expect(sent).toHaveLength(6);
  const [begin, lock, keys, ...rest] = sent;
  expect([begin, lock]).toEqual(['begin', 'lock table only "users", only "addresses" in row exclusive mode']);
  expect(keys).toMatch(
    /^select case when .* then set_config\('batched_drizzle\.t', '<token>', true\) else .* end, set_config\('batched_drizzle\.k0', array_to_string\(array\(select nextval\(\$8::regclass\) from generate_series\(1, \$7::int4\)\), ','\), true\)$/,
  );
  expect(keys?.match(/nextval/g)).toHaveLength(1);
  for (const insert of rest.slice(0, 2)) {
    expect(insert).toContain("current_setting('batched_drizzle.t', true) = '<token>'");
    expect(insert).toContain(`cardinality((select a from k0)) = ${manyNames.length}`);
  }
  expect(rest.map((text) => text.replace(/ where case when .* end$/, ' <guard>'))).toEqual([
    `${list} insert into "users" ("id", "name") select u.c0, u.c1 from rows from (unnest((select a from k0)), unnest($1::"varchar"[])) as u(c0, c1) <guard>`,
    `${list} insert into "addresses" ("email", "user_id") select u.c1, k0.a[u.p2] from k0, rows from (unnest($1::"varchar"[]), unnest($2::int4[])) as u(c1, p2) <guard>`,
    'commit',
  ]);
  const rows = await check
    .select({ name: users.name, email: addresses.email })
    .from(addresses)
    .leftJoin(users, eq(addresses.userId, users.id))
    .orderBy(asc(addresses.id));
  expect(rows.map(({ name, email }) => [name, email])).toEqual(
    manyNames.flatMap((name) => [
      [name, `${name}@home`],
      [name, `${name}@work`],
    ]),
  );
});

test("a transaction of few inserts is begin, drizzle's own statements in the order of the calls, commit", async () => {
  const { statements, trips } = await warm.count(() =>
    warm.db.transaction(async (tx) => {
      tx.insert(addresses).values({ email: 'of nobody' });
      const user = tx.insert(users).values([{ name: 'ada' }, { name: 'bob' }]);
      tx.insert(addresses).values({ email: 'ada@home', userId: user.ref('id') });
      tx.insert(addresses).values({ email: 'bob@home', userId: user.ref('id', 1) });
    }),
  );
  expect(trips).toBe(1);
  const guard = "pg_catalog.current_setting('batched_drizzle.t')::pg_catalog.int4";
  const sent = readable(statements);
  const { begin, alone, behind } = driver.guard;
  expect(sent.map((text) => text.replace(guard, '<guard>'))).toEqual([
    begin,
    `insert into "addresses" ("id", "email", "user_id") values (default, $1, default)${alone}`,
    expect.stringMatching(
      new RegExp(
        String.raw`^insert into "users" \("id", "name"\) values \(default, \$1\), \(default, \$2\) returning .*set_config.*${behind}$`,
      ),
    ),
    expect.stringMatching(
      new RegExp(
        String.raw`^insert into "addresses" \("id", "email", "user_id"\) values \(default, \$1, .*current_setting.*\)${alone}$`,
      ),
    ),
    expect.stringMatching(
      new RegExp(
        String.raw`^insert into "addresses" \("id", "email", "user_id"\) values \(default, \$1, .*current_setting.*\)${alone}$`,
      ),
    ),
    'commit',
  ]);
  const rows = await check
    .select({ name: users.name, email: addresses.email })
    .from(addresses)
    .leftJoin(users, eq(addresses.userId, users.id))
    .orderBy(asc(addresses.id));
  expect(rows.map(({ name, email }) => [name, email])).toEqual([
    [null, 'of nobody'],
    ['ada', 'ada@home'],
    ['bob', 'bob@home'],
  ]);
});

/** So many entries of another table that a flush may share statements. */
function addOthers(scope: Pick<Counted['db'], 'insert'>): void {
  for (let n = 0; n < manyEntries; n++) scope.insert(logs).values({ level: 'info', message: `${n}` });
}

test('keys are taken for every table that somebody needs them of, in one query', async () => {
  const { statements } = await warm.count(() =>
    warm.db.transaction(async (tx) => {
      const user = tx
        .insert(users)
        .values([{ name: 'ada' }, { name: 'bob' }])
        .returning();
      const address = tx
        .insert(addresses)
        .values([{ email: 'a' }, { email: 'b' }])
        .returning({ id: addresses.id });
      addOthers(tx);
      await Promise.all([user, address]);
    }),
  );
  const [, , keys, ...inserts] = readable(statements);
  expect(keys?.match(/nextval/g)).toHaveLength(2);
  expect(inserts[0]).toMatch(
    /^with k0 .* insert into "users" \("id", "name"\) select .* returning "id", "name"$/,
  );
  // Its keys are known from the key query, so there is no RETURNING.
  expect(inserts[1]).toMatch(
    /^with k1 .* insert into "addresses" \("id", "email"\) overriding system value select .* end$/,
  );
});

test('no keys are taken where nobody needs them', async () => {
  const { statements, result } = await warm.count(async () => {
    warm.db.insert(users).values([{ name: 'ada' }, { name: 'bob' }]);
    warm.db.insert(events).values([{ kind: 'a' }, { kind: 'b' }]);
    addOthers(warm.db);
    return await warm.db.flush();
  });
  expect(statements.join()).not.toContain('nextval');
  expect(statements.join()).not.toContain('returning');
  expect(result.keys).toBe(0);
  expect(await check.$count(users)).toBe(2);
});

test('mixed calls are one INSERT per table', async () => {
  const { statements, result } = await warm.count(() =>
    warm.db.transaction((tx) => {
      for (const name of manyNames) {
        tx.insert(users).values({ name });
        tx.insert(events).values({ kind: name });
        tx.insert(organizations).values({ name });
        tx.insert(events).values([{ kind: `${name}1` }, { kind: `${name}2` }]);
      }
      return tx.flush();
    }),
  );
  expect(tablesInserted(statements).toSorted()).toEqual(['"events"', '"organizations"', '"users"']);
  expect(result.tables.map(({ statements: sent }) => sent)).toEqual([1, 1, 1]);
  const rows = await check.select().from(events);
  expect(rows.map(({ kind }) => kind)).toEqual(manyNames.flatMap((name) => [name, `${name}1`, `${name}2`]));
});

test('parents go before children, whatever was called first', async () => {
  const { statements } = await warm.count(() =>
    warm.db.transaction(async (tx) => {
      for (const name of manyNames) tx.insert(addresses).values({ email: `${name} of nobody` });
      for (const name of manyNames) {
        const user = tx.insert(users).values({ name });
        tx.insert(addresses).values({ email: name, userId: user.ref('id') });
      }
    }),
  );
  expect([...new Set(tablesInserted(statements))]).toEqual(['"users"', '"addresses"']);
  const rows = await check
    .select({ name: users.name, email: addresses.email })
    .from(addresses)
    .innerJoin(users, eq(addresses.userId, users.id));
  expect(rows).toHaveLength(manyNames.length);
  for (const { name, email } of rows) expect(name).toBe(email);
});

test.each([
  ['few', 20, () => {}],
  ['many', 20, addOthers],
  ['by another text of the same number', '020' as never, addOthers],
  ['by an expression', sql`10 + 10` as never, addOthers],
])('rows that name by value a parent of a later call are refused, as in drizzle: %s', async (_, key, add) => {
  const write = (on: Pick<typeof check, 'transaction'>) =>
    on.transaction(async (tx) => {
      add(tx as never);
      await Promise.all([
        tx.insert(teams).values({ id: 10, organizationId: key, name: 'a' }),
        tx.insert(organizations).values({ id: 20, name: 'a' }),
      ]);
    });
  for (const on of [check, warm.db]) {
    const error = await rejectionOf(write(on));
    expect(error.cause).toMatchObject(
      errorOf({ code: '23503', constraint_name: 'teams_organization_id_organizations_id_fk' }),
    );
  }
});

test('rows of one table keep their call order, and keys rise in it', async () => {
  const ids = await warm.db.transaction(async (tx) => {
    const first = tx.insert(nodes).values({ label: 'a' }).returning();
    const second = tx.insert(nodes).values([{ label: 'b' }, { label: 'c' }]);
    const third = tx
      .insert(nodes)
      .values({ label: 'd', parentId: first.ref('id') })
      .returning();
    await tx.flush();
    expect(rowsOf(await second)).toHaveLength(0);
    return [...(await first), ...(await third)].map(({ id }) => id);
  });
  const rows = await check.select().from(nodes).orderBy(nodes.id);
  expect(rows.map(({ label }) => label)).toEqual(['a', 'b', 'c', 'd']);
  expect(ids).toEqual([rows[0]?.id, rows[3]?.id]);
});

test('keys rise in the order of the calls also where rows take several statements', async () => {
  const { statements } = await warm.count(() =>
    warm.db.transaction(async (tx) => {
      // Rows with and without a role: one statement can't use the database's DEFAULT for only some of its
      // rows. Neighbours leave out different columns, so no two rows share one.
      const organization = tx.insert(organizations).values({ name: 'a' });
      const team = tx.insert(teams).values({ name: 'a', organizationId: organization.ref('id') });
      const teamId = team.ref('id');
      tx.insert(members).values({ teamId, email: '1', role: 'owner' });
      tx.insert(members).values({ teamId, email: '2' });
      tx.insert(members).values({ teamId, email: '3', role: 'writer' });
      tx.insert(members).values({ teamId, email: '4' });
      addOthers(tx);
    }),
  );
  expect(tablesInserted(statements).filter((table) => table === '"members"')).toHaveLength(4);
  const rows = await check.select().from(members).orderBy(members.id);
  expect(rows.map(({ email, role }) => [email, role])).toEqual([
    ['1', 'owner'],
    ['2', 'reader'],
    ['3', 'writer'],
    ['4', 'reader'],
  ]);
});

test('no value stands in the text of a statement', async () => {
  const secrets = ["s3cret'; drop table users; --", 'hidden\\', 'invisible"', '4711471147'];
  const { statements } = await warm.count(() =>
    warm.db.transaction(async (tx) => {
      const user = tx
        .insert(users)
        .values(secrets.map((name) => ({ name })))
        .returning();
      tx.insert(addresses).values(secrets.map((email, row) => ({ email, userId: user.ref('id', row) })));
      tx.insert(organizations).values({ id: 4711471147, name: secrets[0] as string });
      tx.insert(organizations).values({ id: 4711471148, name: secrets[1] as string });
      tx.insert(events).values({ kind: secrets[0] as string, payload: { secret: secrets[2] } });
      await tx.flush();
      await tx.insert(users).values({ name: 'alone with s3cret' });
    }),
  );
  for (const statement of statements) expect(statement).not.toMatch(/s3cret|hidden|invisible|4711471/);
  const rows = await check.select({ name: users.name }).from(users).orderBy(users.id);
  expect(rows.map(({ name }) => name)).toEqual([...secrets, 'alone with s3cret']);
});

test('keys that the client fetched stand in no text either', async () => {
  const { count, db } = await startCounted(database, { batch: { keys: 'client' } });
  await check.execute('alter sequence users_id_seq restart with 47114711');
  const { statements } = await count(() =>
    db.transaction(async (tx) => {
      const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
      tx.insert(addresses).values({ email: 'c', userId: user.ref('id', 1) });
      await tx.flush();
    }),
  );
  expect(await check.select().from(addresses)).toMatchObject([{ userId: 47114712 }]);
  for (const statement of statements) expect(statement).not.toContain('471147');
});
