/** `ref()`, which our inserts have beside drizzle's methods. */
import type { SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/** The columns of a table by their property names. */
export type ColumnsOf<TTable extends PgTable> = TTable['_']['columns'];

/** An insert whose rows can be referred to before they are written. */
export interface Referable<TTable extends PgTable> {
  /**
   * The future value of a column of a row, with the column's own type. It can be used wherever drizzle
   * accepts a value: in `values()` of another insert, in `set` and `where` of later statements.
   *
   * Any column can be named. Keys, given values and defaults of the client are known ahead. What only the server makes (a
   * default, an `sql` value, a generated column, what a trigger puts into a column) must be named before the row is written.
   *
   * @param column the property name of the column
   * @param rowIndex the row of `values([...])`, from 0; default 0
   * @throws {BatchedDrizzleError} `BAD_REFERENCE` if there is no such column or row, or the row is written and its value is not
   *   known; the message says what is allowed
   * @example
   * const author = tx.insert(users).values({ name: 'Ada' });
   * tx.insert(posts).values({ title: 'Notes', authorId: author.ref('id') });
   * // insert into "posts" ("title", "author_id") select u.c1, k0.a[u.p2] from k0, unnest(…) …
   */
  ref<TKey extends keyof ColumnsOf<TTable> & string>(
    column: TKey,
    rowIndex?: number,
  ): SQL<ColumnsOf<TTable>[TKey]['_']['data']>;
}
