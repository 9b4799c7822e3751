import type { Parent, ParentName, Row, TableName } from './program-rows.ts';

/** What `returning()` is called with, if at all. */
export type Selection = 'none' | 'all' | 'key' | 'text' | 'aliases' | 'expressions';

/** Which conflict clause: `update` has a target and sets something, `nothing` has a target or none. */
export type Conflict = 'none' | 'nothing' | 'nothing at target' | 'update' | 'update where';

export interface Insert {
  readonly do: 'insert';
  readonly table: TableName;
  readonly rows: readonly Row[];
  /** A lone row is given as an object, not as an array of one. */
  readonly single: boolean;
  readonly selection: Selection;
  readonly conflict: Conflict;
  /** Handed to `db.execute()`. */
  readonly executed: boolean;
  readonly overriding: boolean;
  /** `toSQL()` is called first, if it is awaited at once: that takes an insert out of the queue until then. */
  readonly described: boolean;
  /** The SQLSTATE with which PostgreSQL refuses it. */
  readonly code?: string;
}

/** Any statement but a batched insert. */
export type Statement =
  | { readonly do: 'select' | 'count' | 'prepared'; readonly table: TableName }
  | { readonly do: 'relational'; readonly table: ParentName }
  | { readonly do: 'select where' | 'update' | 'move'; readonly of: Parent; readonly returning: boolean }
  | { readonly do: 'delete'; readonly table: LeafName; readonly returning: boolean }
  | { readonly do: 'delete where'; readonly of: Parent; readonly returning: boolean }
  | { readonly do: 'raw insert' | 'insert select' | 'with insert' | 'raw error' };

export type LeafName = 'addresses' | 'counters' | 'events' | 'logs' | 'members' | 'tokens' | 'wide';

/** Whether the program goes on after an error. */
export interface Caught {
  readonly caught: boolean;
}

export type Step =
  | (Insert &
      Caught & {
        /** After how many further steps it is awaited, 0 being at once. */
        readonly awaited: number | 'never' | 'after the transaction';
      })
  | (Statement & Caught)
  | { readonly do: 'flush' }
  /** `Promise.all` of inserts and statements. */
  | ({ readonly do: 'group'; readonly members: readonly (Insert | Statement)[] } & Caught)
  | Transaction;

/** A transaction, or in one a savepoint. */
export type Transaction = {
  readonly do: 'transaction';
  readonly steps: readonly Step[];
  readonly ends: 'returns' | 'throws';
  readonly isolation: 'serializable' | 'repeatable read' | undefined;
} & Caught;

export interface Program {
  readonly steps: readonly Step[];
}
