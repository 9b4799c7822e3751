import { eq, type SQL, sql } from 'drizzle-orm';
import { describe, expectTypeOf, test } from 'vitest';
import type { Referable } from '../../src/index.ts';
import { addresses, events, members, nodes, organizations, teams, users, wide } from '../support/schema.ts';
import { batched, plain } from './databases.ts';

describe('ref()', () => {
  test("has the column's own type", () => {
    expectTypeOf(batched.insert(users).values({}).ref('id')).toEqualTypeOf<SQL<number>>();
    expectTypeOf(batched.insert(organizations).values({ name: 'ours' }).ref('id')).toEqualTypeOf<
      SQL<number>
    >();
    const event = batched.insert(events).values({ kind: 'made' });
    expectTypeOf(event.ref('id')).toEqualTypeOf<SQL<string>>();
    expectTypeOf(event.ref('at')).toEqualTypeOf<SQL<Date>>();
    const row = batched.insert(wide).values({});
    expectTypeOf(row.ref('huge')).toEqualTypeOf<SQL<bigint>>();
    expectTypeOf(row.ref('counts')).toEqualTypeOf<SQL<number[]>>();
  });

  test('takes the property names of the columns and no others', () => {
    const address = batched.insert(addresses).values({ email: 'a@b.c' });
    address.ref('userId');
    // @ts-expect-error the name in the database
    address.ref('user_id');
    // @ts-expect-error no column
    address.ref('nickname');
    // @ts-expect-error a property of every table, and no column
    address.ref('enableRLS');
    // @ts-expect-error a column is missing
    address.ref();
  });

  test('takes the place of a row', () => {
    const rows = batched.insert(users).values([{}, {}]);
    expectTypeOf(rows.ref('id', 1)).toEqualTypeOf<SQL<number>>();
    // @ts-expect-error the place of a row is a number
    rows.ref('id', '1');
  });

  test('is taken wherever drizzle takes a value', () => {
    const user = batched.insert(users).values({});
    batched.insert(addresses).values({ email: 'a@b.c', userId: user.ref('id') });
    batched.insert(addresses).values([{ email: 'a@b.c', userId: user.ref('id') }]);
    const node = batched.insert(nodes).values({ label: 'root' });
    batched.insert(nodes).values({ label: 'leaf', parentId: node.ref('id') });
    batched
      .update(addresses)
      .set({ userId: user.ref('id') })
      .where(eq(addresses.userId, user.ref('id')));
    batched
      .select()
      .from(users)
      .where(sql`${users.id} > ${user.ref('id')}`);
    plain.insert(addresses).values({ email: 'a@b.c', userId: user.ref('id') });
  });

  test('wires three levels', () => {
    const organization = batched.insert(organizations).values({ name: 'ours' });
    const team = batched.insert(teams).values({ name: 'us', organizationId: organization.ref('id') });
    batched.insert(members).values({ email: 'a@b.c', teamId: team.ref('id') });
  });
});

describe('ref() behind chained calls', () => {
  const id = {} as SQL<number>;

  test('returning()', () => {
    expectTypeOf(batched.insert(users).values({}).returning().ref('id')).toEqualTypeOf(id);
    // A column that is not returned can be named too.
    expectTypeOf(batched.insert(users).values({}).returning({ name: users.name }).ref('id')).toEqualTypeOf(
      id,
    );
  });

  test('onConflict…(), on either side of returning()', () => {
    const update = { target: users.id, set: { name: 'Ada' } };
    const insert = () => batched.insert(users).values({});
    expectTypeOf(insert().onConflictDoNothing().ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert().onConflictDoUpdate(update).ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert().onConflictDoNothing().returning().ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert().returning().onConflictDoNothing().ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert().onConflictDoUpdate(update).returning({ id: users.id }).ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert().returning({ id: users.id }).onConflictDoUpdate(update).ref('id')).toEqualTypeOf(id);
  });

  test('$dynamic()', () => {
    const insert = batched.insert(users).values({}).$dynamic();
    expectTypeOf(insert.ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert.returning().ref('id')).toEqualTypeOf(id);
    expectTypeOf(insert.onConflictDoNothing().returning({ name: users.name }).ref('id')).toEqualTypeOf(id);
    expectTypeOf(batched.insert(users).values({}).returning().$dynamic().ref('id')).toEqualTypeOf(id);
  });
});

describe('Referable', () => {
  test('is every insert of the table, whatever was chained', () => {
    const insert = () => batched.insert(users).values({});
    expectTypeOf(insert()).toExtend<Referable<typeof users>>();
    expectTypeOf(insert().returning()).toExtend<Referable<typeof users>>();
    expectTypeOf(insert().onConflictDoNothing().returning({ id: users.id })).toExtend<
      Referable<typeof users>
    >();
    expectTypeOf(batched.insert(events).values({ kind: 'made' })).not.toExtend<Referable<typeof users>>();
  });
});
