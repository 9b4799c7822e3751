import { boolean, integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';

/** A table whose rows fail or are slow, depending on `wish`. */
export const wishes = pgTable('wishes', { id: serial('id').primaryKey(), wish: text('wish').notNull() });

/**
 * A table that is proved, whose rows may share statements. A wish of one letter takes some milliseconds; `refused` is a
 * division by zero.
 */
export const hopes = pgTable('hopes', { id: serial('id').primaryKey(), wish: text('wish').notNull() });

/** Pairs that make COMMIT fail or take long. */
export const promises = pgTable('promises', {
  id: serial('id').primaryKey(),
  owedTo: integer('owed_to'),
  isSlow: boolean('is_slow').notNull().default(false),
});

/** Creates the tables. A wish is an SQLSTATE to fail with, or `nap`, which takes 25 ms. */
export async function makeRefusingTables(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create function grant_wish(wish text) returns boolean language plpgsql as $$
    begin
      if wish = 'nap' then perform pg_sleep(0.025); end if;
      if wish ~ '^[0-9A-Z]{5}$' then raise exception 'no % today', wish using errcode = wish; end if;
      return true;
    end $$;
    create table wishes (id serial primary key, wish text not null check (grant_wish(wish)));
    create table hopes (id serial primary key, wish text not null check (
      case when length(wish) = 1 then md5(repeat(wish, 1000000)) <> ''
        when wish = 'refused' then 1 / (length(wish) - length(wish)) = 0 else true end));
    create table promises (
      id serial primary key,
      owed_to int references promises deferrable initially deferred,
      is_slow boolean not null default false);
    create function dawdle() returns trigger language plpgsql as $$
    begin
      if new.is_slow then perform pg_sleep(30); end if;
      return null;
    end $$;
    create constraint trigger dawdle after update on promises deferrable initially deferred
      for each row execute function dawdle()`);
}
