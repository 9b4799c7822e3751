/** The result of `load()`: it runs once, when it is awaited or its keys are read. */
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { QueryPromise } from '../drizzle/exports.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { keyColumn } from './key-column.ts';
import { KeyFeed } from './key-feed.ts';
import { KeyReader } from './key-reader.ts';
import type { LoadRequest } from './request.ts';
import { type LoadReport, LoadRun } from './run-load.ts';

type Columns<TTable extends PgTable> = TTable['_']['columns'];

type PrimaryKeys<TTable extends PgTable> = {
  [Key in keyof Columns<TTable>]: Columns<TTable>[Key] extends PgColumn
    ? Columns<TTable>[Key]['_']['isPrimaryKey'] extends true
      ? Columns<TTable>[Key]['_']['data']
      : never
    : never;
}[keyof Columns<TTable>];

/** The ids of a table; `unknown` if the primary key is declared in the table's extras. */
export type KeyOf<TTable extends PgTable> = [PrimaryKeys<TTable>] extends [never]
  ? unknown
  : PrimaryKeys<TTable>;

interface RunningLoad {
  readonly run: LoadRun;
  readonly report: Promise<LoadReport>;
}

/**
 * A load. Like drizzle's own queries it begins only when it is awaited, or when its keys are read.
 *
 * @example
 * const { rows, skipped, ms } = await db.load(users, readUsers());
 */
export class Load<TTable extends PgTable> extends QueryPromise<LoadReport> {
  // Plain properties, since private fields do not work behind a proxy around the load.
  private readonly request: Omit<LoadRequest, 'keys'>;
  private feed: KeyFeed | undefined;
  private running: RunningLoad | undefined;

  constructor(request: Omit<LoadRequest, 'keys'>) {
    super();
    this.request = request;
  }

  /** Rows of the source that belong to committed transactions, even if the load fails later. */
  get committed(): number {
    return this.running?.run.committed ?? 0;
  }

  /**
   * The ids of the written rows, in the order of the rows, as soon as the rows are committed. In a transaction they come when
   * the load is done. Rows that are skipped or set aside have none.
   *
   * Leaving the loop before the load is done stops the load, which rolls back and rejects with `LOAD_STOPPED`. Rows that
   * `commitEvery` has committed stay. If the load has failed for another reason, the loop throws that error.
   *
   * Call it before the load is awaited, since the ids are taken before the rows are written. Reading the ids runs the load.
   *
   * @throws {BatchedDrizzleError} `BAD_OPTION` if the table has no primary key of one column, or if the load has begun. The
   *   load itself rejects with it if the server makes the key neither from a sequence nor at random.
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
    const feed = new KeyFeed(column);
    this.feed = feed;
    return {
      [Symbol.asyncIterator]: () => {
        const { run, report } = this.begin();
        // The iterator throws the load's error.
        report.catch(() => {});
        return new KeyReader(feed, run, report) as AsyncIterator<KeyOf<TTable>>;
      },
    };
  }

  /** Runs the load once; awaiting the load calls it. */
  override execute(): Promise<LoadReport> {
    return this.begin().report;
  }

  private begin(): RunningLoad {
    if (!this.running) {
      const run = new LoadRun({ ...this.request, keys: this.feed });
      this.running = { run, report: run.run() };
    }
    return this.running;
  }
}
