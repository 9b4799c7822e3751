/** The catalog's facts that drizzle's schema lacks: real types, sequences, privileges, triggers. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import type { TableState } from './fingerprint.ts';

/** How the server makes the keys of a column, if they can be drawn before the rows are written. */
export type KeySource = 'identity' | 'sequence' | 'gen_random_uuid()' | 'uuidv4()' | 'uuidv7()';

export interface ColumnFacts {
  /** OID of the declared type. It selects the client's serialiser, and is never sent to the server. */
  readonly type: number;
  /** OID of the type below all domains. It selects the client's parser, and is never sent to the server. */
  readonly base: number;
  /** The base type's quoted name without length or precision, such as `pg_catalog.int4`. */
  readonly cast: string;
  /**
   * Whether the current role may use the type's schema, and a cast from text gives the same value as the
   * type's input function. A cast from text may be a user's own function, and one to the type below a domain reads an
   * interval without the domain's fields. A plain insert needs neither. False for all columns if an array can't hold NULL.
   */
  readonly castable: boolean;
  /**
   * Whether elements can be sent as an array of the type. If not, they are sent as `text[]` and cast one by one: so is JSON,
   * because the server frees what it needs to read an array of it only behind the last element.
   */
  readonly arrayable: boolean;
  /** COPY reads a text for the column as an INSERT reads a parameter. */
  readonly copyable: boolean;
  /** The length, precision or fields of the type below all domains, as `atttypmod` has them; -1 for none. */
  readonly modifier: number;
  /** The base type is an enum. */
  readonly enumerated: boolean;
  /** It has no default: a row that leaves it out has NULL. */
  readonly bare: boolean;
  readonly keys: KeySource | null;
  /** OID of the sequence that its identity or default draws from, as text. */
  readonly sequence: string | null;
  /** Its default draws from a sequence, whether or not the keys can be drawn ahead. */
  readonly draws: boolean;
  /** GENERATED ALWAYS AS IDENTITY: writing an allocated key needs OVERRIDING SYSTEM VALUE. */
  readonly always: boolean;
  /** Whether the current role may insert into the column. */
  readonly insertable: boolean;
  /** Whether the current role may select the column, which RETURNING needs. */
  readonly selectable: boolean;
  /**
   * The full type, such as `varchar(50)`, whose `=` agrees with every unique index on the column. `null` if
   * the column is in no unique index, or an index uses a collation or operator class that differs.
   */
  readonly unique: string | null;
  /** A foreign key points at it. */
  readonly referenced: boolean;
}

export interface TableFacts {
  /** OID of the relation, as text. The facts hold for this relation and `user`. */
  readonly oid: string;
  readonly user: string;
  /** The types of its columns, to detect a change. */
  readonly types: string;
  /** What its facts depend on in the catalog, to detect a change. */
  readonly state: TableState;
  /** OIDs of the relations that its foreign keys point at. */
  readonly parents: readonly string[];
  /**
   * OIDs of what shows the order in which its rows are written: the table, its partitions, and the sequences that its columns
   * draw from. Tables that have one in common must be written in the order of the calls.
   */
  readonly ordered: readonly string[];
  /**
   * An ordinary or partitioned table of which it is proved that its rows can't tell whether they share a statement, and
   * whether rows of other tables are written before. Whatever is not known to be harmless is a doubt: see `proof-sql.ts`.
   */
  readonly plain: boolean;
  /** No trigger fires on UPDATE, its policies are harmless too, and no unique constraint is deferrable. */
  readonly updatable: boolean;
  /**
   * An error in RETURNING undoes all that an INSERT does: there is no rule, and no trigger that fires although every row is
   * skipped or swallowed.
   */
  readonly guardable: boolean;
  /** The current role may lock the table as an INSERT does, by a statement ahead of it. */
  readonly lockable: boolean;
  /** Transactions are serializable by default. The server may then refuse COMMIT, whatever the statements were. */
  readonly serializable: boolean;
  /** Row-level security applies to the current role. */
  readonly secured: boolean;
  /** A rule for INSERT, which may refuse a RETURNING. */
  readonly ruled: boolean;
  /** What the current role may do with the table, to detect a change: see `rightsOf`. */
  readonly rights: string;
  readonly columns: ReadonlyMap<string, ColumnFacts>;
}

/** Facts by table. A table that the server does not have is absent. */
export interface FactsCache {
  get(table: PgTable): TableFacts | undefined;
  has(table: PgTable): boolean;
  set(table: PgTable, facts: TableFacts): unknown;
  delete(table: PgTable): boolean;
}

export function columnFacts(
  facts: TableFacts | undefined,
  shape: TableShape,
  column: number,
): ColumnFacts | undefined {
  return facts?.columns.get(columnAt(shape, column).name);
}

/**
 * Whether the server refuses an INSERT that names the column. drizzle names every column, including those
 * that a row leaves out. We must do the same if the server would refuse it.
 */
export function isRefused(facts: TableFacts | undefined, shape: TableShape, column: number): boolean {
  return facts !== undefined && columnFacts(facts, shape, column)?.insertable !== true;
}
