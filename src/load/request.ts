import type { FlushContext } from '../context.ts';
import type { Rendered } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import type { KeyFeed } from './key-feed.ts';
import type { LoadOptions } from './options.ts';

export interface LoadTarget {
  readonly context: FlushContext;
  /** A transaction, or a savepoint in the caller's own. */
  transaction<T>(work: (unit: TransactionUnit) => Promise<T>): Promise<T>;
  /** The caller's transaction goes on behind the load, which must be undone before he hears that it was stopped. */
  readonly isNested: boolean;
}

export interface LoadRequest {
  readonly target: LoadTarget;
  readonly shape: TableShape;
  readonly rows: unknown;
  readonly options: LoadOptions;
  readonly conflict: Rendered | undefined;
  /** Where the ids go, if somebody asks for them. */
  readonly keys: KeyFeed | undefined;
}
