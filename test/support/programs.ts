import type { Parent, ParentName, Row, TableName } from './program-rows.ts';

/** The kind of argument of `returning()`; `none` if it is not called. */
export type Selection = 'none' | 'all' | 'key' | 'text' | 'aliases' | 'expressions';

/** The kind of conflict clause. `update` has a target and sets a column; `nothing` may have a target. */
export type Conflict = 'none' | 'nothing' | 'nothing at target' | 'update' | 'update where';

export interface Insert {
  readonly do: 'insert';
  readonly table: TableName;
  readonly rows: readonly Row[];
  /** Whether a single row is given as an object, not as an array of one. */
  readonly single: boolean;
  readonly selection: Selection;
  readonly conflict: Conflict;
  /** Whether the insert is passed to `db.execute()`. */
  readonly executed: boolean;
  readonly overriding: boolean;
  /**
   * Whether `toSQL()` is called first, if the insert is awaited at once. It takes the insert out of the queue
   * until then.
   */
  readonly described: boolean;
  /** The SQLSTATE with which PostgreSQL refuses the insert. */
  readonly code?: string;
}

/** Any statement except a batched insert. */
export type Statement =
  | { readonly do: 'select' | 'count' | 'prepared'; readonly table: TableName }
  | { readonly do: 'relational'; readonly table: ParentName }
  | { readonly do: 'select where' | 'update' | 'move'; readonly of: Parent; readonly returning: boolean }
  | { readonly do: 'delete'; readonly table: LeafName; readonly returning: boolean }
  | { readonly do: 'delete where'; readonly of: Parent; readonly returning: boolean }
  | { readonly do: 'raw insert' | 'insert select' | 'with insert' | 'raw error' };

export type LeafName = 'addresses' | 'counters' | 'events' | 'logs' | 'members' | 'tokens' | 'wide';

/** Nothing; so many promise jobs that what was called before has begun; or a turn of the event loop. */
export type Pause = 'none' | 'jobs' | 'turn';

/** Whether the program continues after an error. */
export interface Caught {
  readonly caught: boolean;
}

export type Step =
  | (Insert &
      Caught & {
        /** The number of further steps before it is awaited; 0 awaits it at once. */
        readonly awaited: number | 'never' | 'after the transaction';
      })
  | (Statement & Caught)
  | { readonly do: 'flush' }
  /** `Promise.all` of inserts and statements. */
  | ({
      readonly do: 'group';
      readonly members: readonly (Insert | Statement)[];
      /** What each waits for before it is called, while those before it run. */
      readonly pauses: readonly Pause[];
    } & Caught)
  | Transaction;

/** A transaction, or inside one a savepoint. */
export type Transaction = {
  readonly do: 'transaction';
  readonly steps: readonly Step[];
  readonly ends: 'returns' | 'throws';
  readonly isolation: 'serializable' | 'repeatable read' | undefined;
} & Caught;

export interface Program {
  readonly steps: readonly Step[];
}
