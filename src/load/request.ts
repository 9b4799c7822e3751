import type { FlushContext } from '../context.ts';
import type { Rendered } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import type { KeyFeed } from './key-feed.ts';
import type { LoadOptions } from './options.ts';

export interface LoadTarget {
  readonly context: FlushContext;
  /** Runs the work in a transaction, or in a savepoint of the caller's transaction. */
  transaction<T>(work: (unit: TransactionUnit) => Promise<T>): Promise<T>;
  /** The load is part of the caller's transaction, so that it must be rolled back before its promise rejects. */
  readonly isNested: boolean;
}

export interface LoadRequest {
  readonly target: LoadTarget;
  readonly shape: TableShape;
  readonly rows: unknown;
  readonly options: LoadOptions;
  readonly conflict: Rendered | undefined;
  /** Receives the ids; `undefined` if the caller has not called `keys()`. */
  readonly keys: KeyFeed | undefined;
}
