/** What `load()` returns: runs once, when it is awaited or its keys are read. */

import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { QueryPromise } from '../drizzle/exports.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { KeyFeed } from './key-feed.ts';
import { keyColumn } from './load-keys.ts';
import type { LoadRequest } from './request.ts';
import { type LoadReport, LoadRun } from './run-load.ts';

type Columns<TTable extends PgTable> = TTable['_']['columns'];

type PrimaryKeys<TTable extends PgTable> = {
  [Key in keyof Columns<TTable>]: Columns<TTable>[Key] extends PgColumn<infer Config>
    ? Columns<TTable>[Key]['_']['isPrimaryKey'] extends true
      ? Config['data']
      : never
    : never;
}[keyof Columns<TTable>];

/** The ids of a table; `unknown` where the key stands in the table's extras. */
export type KeyOf<TTable extends PgTable> = [PrimaryKeys<TTable>] extends [never]
  ? unknown
  : PrimaryKeys<TTable>;

/**
 * A load, which begins as soon as it is awaited or its keys are read, and not before, as drizzle's own queries do.
 *
 * @example
 * const { rows, skipped, ms } = await db.load(users, readUsers());
 */
export class Load<TTable extends PgTable> extends QueryPromise<LoadReport> {
  // Plain properties: people wrap databases and what they return in proxies, which private fields refuse.
  private readonly request: Omit<LoadRequest, 'keys'>;
  private feed: KeyFeed | undefined;
  private running: { readonly run: LoadRun; readonly report: Promise<LoadReport> } | undefined;

  constructor(request: Omit<LoadRequest, 'keys'>) {
    super();
    this.request = request;
  }

  /** Rows of the source that have been dealt with in transactions that are committed, also where the load fails later. */
  get committed(): number {
    return this.running?.run.committed ?? 0;
  }

  /**
   * The ids of the rows that are written, in the order of the rows, once they are committed. To be called before the load is
   * awaited, since the ids are taken ahead; reading them runs the load, too. In a transaction they come when the load is done.
   *
   * Rows that are skipped or set aside have none.
   *
   * @throws {BatchedDrizzleError} `BAD_OPTION` where the table has no primary key of one column, or the load has begun; from
   *   the load itself where the server makes the key otherwise than from a sequence or at random
   * @example
   * for await (const id of db.load(users, rows).keys()) console.log(id);
   */
  keys(): AsyncIterable<KeyOf<TTable>> {
    const column = keyColumn(this.request.shape);
    if (this.feed || this.running) {
      throw new BatchedDrizzleError(
        'BAD_OPTION',
        'load: keys(): called late; allowed: once, before the load is awaited',
      );
    }
    this.feed = new KeyFeed(column);
    return {
      [Symbol.asyncIterator]: () => {
        // Who reads the keys hears from them how the load has ended.
        this.execute().catch(() => {});
        return (this.feed as KeyFeed)[Symbol.asyncIterator]() as AsyncIterator<KeyOf<TTable>>;
      },
    };
  }

  /** Runs it, once; awaiting it does. */
  override execute(): Promise<LoadReport> {
    if (!this.running) {
      const run = new LoadRun({ ...this.request, keys: this.feed });
      this.running = { run, report: run.run() };
    }
    return this.running.report;
  }
}
