import { and, count, eq, inArray, like, relations, sql } from 'drizzle-orm';
import { integer, PgDialect, pgSequence, pgTable, text } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { describe, expect, test } from 'vitest';
import { isHarmlessSelect } from '../../../src/drizzle/harmless-select.ts';

const users = pgTable('users', { id: integer(), name: text(), 'select f()': text() });
const posts = pgTable('posts', { id: integer(), author: integer() });
const schema = {
  users,
  posts,
  of: relations(users, ({ many }) => ({ posts: many(posts) })),
  by: relations(posts, ({ one }) => ({
    user: one(users, { fields: [posts.author], references: [users.id] }),
  })),
};
const db = drizzle.mock({ schema });
const few = db.$with('few').as(db.select().from(users).where(eq(users.id, 1)));
const textOf = (builder: { toSQL(): { sql: string } }): string => builder.toSQL().sql;

describe('a select', () => {
  const harmless = {
    'of all': db.select().from(users),
    'with conditions': db
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, 1), like(users.name, 'a%'), inArray(users.id, [1, 2])))
      .orderBy(users.name)
      .limit(2)
      .offset(1),
    joined: db.select().from(users).leftJoin(posts, eq(posts.author, users.id)),
    counted: db.select({ n: count() }).from(users).groupBy(users.name),
    'of a CTE': db.with(few).select().from(few),
    'of distinct rows, in a union': db.selectDistinct().from(users).union(db.select().from(users)),
    relational: db.query.users.findMany({ with: { posts: { limit: 1 } }, where: eq(users.id, 1) }),
    'relational, of the one side': db.query.posts.findFirst({ with: { user: true } }),
  };
  test.each(Object.keys(harmless) as (keyof typeof harmless)[])('%s is harmless', (name) => {
    expect(isHarmlessSelect(textOf(harmless[name]))).toBe(true);
  });

  const dialect = new PgDialect();
  const others = [
    db.select().from(users).for('update'),
    db.select().from(users).for('share'),
    db.select({ id: sql`nextval('s')` }).from(users),
    db.select({ id: sql`my_count(*)` }).from(users),
    db.select().from(users).where(sql`${users.name} || 'x' = 'y'`),
    db.select().from(users).where(sql`"f"(1)`),
    db.select().from(users).where(sql`"f" (1)`),
    db.select().from(users).where(sql`public.count(1) > 0`),
    db.select().from(users).where(sql`"app".count(1) > 0`),
    db.select().from(users).where(sql`"app" . "count"(1) > 0`),
    db.select().from(users).where(sql`${users.id} operator(public.=) 1`),
    db.select().from(users).where(sql`${users.id} = 'a'::text_or_worse`),
    db.select().from(users).where(sql`${users.name} = E'\\''`),
    db.select().from(users).where(sql`true -- `),
    db
      .with(db.$with('w').as(db.delete(users).returning()))
      .select()
      .from(users),
    db.update(users).set({ name: 'x' }),
    db.insert(users).values({ id: 1 }),
  ].map(textOf);
  test.each([
    ...others,
    dialect.sqlToQuery(sql`select into copy from users`).sql,
    'select 1; delete from users',
    'truncate users',
    String(pgSequence('s').seqName),
  ])('%s is not known to be', (given) => {
    expect(isHarmlessSelect(given)).toBe(false);
  });
});
