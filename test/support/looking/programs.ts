import type { LookName } from './looks.ts';
import type { TableName } from './tables.ts';

export type Org = 1 | 2 | 3 | 'number of rows' | 'left out';
/** `next row` and `previous row` are of the same entry, `next entry` and `previous entry` of the same group. */
export type Parent =
  | 'left out'
  | 'base'
  | 'next row'
  | 'previous row'
  | 'next entry'
  | 'previous entry'
  | 'currval'
  | 'currval of the other table'
  | 'lastval'
  | 'last id'
  | 'last id of the other table';
export type Pos = 1 | 'left out' | 'nextval' | 'currval' | 'number of rows' | 'number of rows by a function';
export type Note =
  | 'text'
  | 'left out'
  | 'upper'
  | 'set a setting'
  | 'set a setting for the session'
  | 'read the setting';

export interface Row {
  /** A text that is the row's own, or one of three that rows share. */
  readonly label: 'own' | 0 | 1 | 2;
  readonly id: 'given' | 'left out';
  readonly org: Org;
  readonly parent: Parent;
  readonly pos: Pos;
  readonly note: Note;
}

export type Selection = 'none' | 'all' | 'id' | 'label' | 'expressions';
export type Conflict =
  | 'none'
  | 'nothing'
  | 'nothing at label'
  | 'update'
  | 'update if'
  | 'update: highest pos'
  | 'update: nextval';

export interface Insert {
  readonly table: TableName;
  readonly rows: readonly Row[];
  readonly selection: Selection;
  readonly conflict: Conflict;
}

/** Inserts that are issued in one turn, in the order of the calls, and awaited together. */
export interface Group {
  readonly do: 'group';
  readonly members: readonly Insert[];
  /** In a transaction a select comes between the calls and the await. Plain drizzle, which writes what is awaited, awaits them first. */
  readonly isFlushed: boolean;
  readonly caught: boolean;
}

/**
 * An insert, and inserts that refer to its row. Ours refers to it by `ref()` and issues all in one turn. Plain
 * drizzle awaits the row first, and knows its id.
 */
export interface References {
  readonly do: 'references';
  readonly parent: Insert;
  readonly children: readonly Insert[];
  readonly caught: boolean;
}

export type Alteration =
  | 'rename a column and back'
  | 'drop and add a column'
  | 'drop and create the table'
  | 'drop the default of pos'
  | 'drop the trigger'
  | 'drop the policy'
  | 'create an index'
  | 'truncate'
  | 'restart the sequence';

/** DDL, by the program's connection. Outside a transaction it may be another session's. */
export interface Change {
  readonly do: 'change';
  readonly table: TableName;
  readonly what: Alteration | LookName;
  readonly bySession: 'own' | 'other';
  readonly caught: boolean;
}

export type Setting =
  | 'set local search_path to elsewhere, looking'
  | 'set local search_path to looking'
  | 'set local role to the role'
  | 'set local role to none'
  | `select set_config('looking.setting', 'by a statement', true)`;

export type Step =
  | Group
  | References
  | Change
  | { readonly do: 'set'; readonly what: Setting }
  | { readonly do: 'select'; readonly table: TableName }
  | Transaction;

/** A transaction, or inside one a savepoint. */
export interface Transaction {
  readonly do: 'transaction';
  readonly steps: readonly Step[];
  readonly ends: 'returns' | 'throws';
  readonly caught: boolean;
}

export interface LookOf {
  readonly table: TableName;
  readonly look: LookName;
}

export interface Program {
  /** How the tables look around when the program starts. */
  readonly looks: readonly LookOf[];
  /** Whether a role without privileges of its own runs the program. */
  readonly byRole: boolean;
  readonly limit: number;
  readonly steps: readonly Step[];
}
