/** What the catalog knows of a table and drizzle's schema does not: real types, sequences, privileges, triggers. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { columnAt, type TableShape } from '../drizzle/table.ts';

/** How the server makes keys for a column, where rows may be given them ahead. */
export type KeySource = 'identity' | 'sequence' | 'gen_random_uuid()' | 'uuidv4()' | 'uuidv7()';

export interface ColumnFacts {
  /** The declared type, which decides the client's serialiser; never sent to the server. */
  readonly type: number;
  /** The type under any domains, which decides the client's parser; never sent to the server. */
  readonly base: number;
  /** The base type's quoted name without length or precision: `pg_catalog.int4`. */
  readonly cast: string;
  /**
   * Whether a cast to the type reads a text as its input does, and the current role may name it, which a plain
   * insert need not: a cast from text may be a function of the user's own.
   */
  readonly castable: boolean;
  /** Whether an array of the type can be read as it stands; else elements travel as text and are cast one by one. */
  readonly arrayable: boolean;
  readonly keys: KeySource | null;
  /** Its default draws from a sequence, whether or not rows may be given the keys ahead. */
  readonly draws: boolean;
  /** GENERATED ALWAYS AS IDENTITY: an allocated key needs OVERRIDING SYSTEM VALUE. */
  readonly always: boolean;
  /** Whether the current role may insert into the column. */
  readonly insertable: boolean;
  /** Whether the current role may select the column, which RETURNING needs. */
  readonly selectable: boolean;
  /**
   * The type with its length or precision, as which `=` tells the column's values apart just as its unique indexes
   * do; `null` where it is in none, or a collation or an operator class of one has another mind.
   */
  readonly unique: string | null;
  /** A foreign key points at it. */
  readonly referenced: boolean;
}

export interface TableFacts {
  /** Of the relation, as text; together with `user` what these facts hold for. */
  readonly oid: string;
  readonly user: string;
  /** The types of its columns, to see whether they are still the same. */
  readonly types: string;
  /** Its types, triggers, rules, defaults and unique indexes, to see whether they are. */
  readonly state: string;
  /** The relations that its foreign keys point at. */
  readonly parents: readonly string[];
  /** An ordinary or partitioned table, whose rows nothing but its constraints looks at. */
  readonly plain: boolean;
  /** No trigger looks at rows that are updated, and no unique constraint waits for the end of a statement. */
  readonly updatable: boolean;
  /** Row-level security applies to the current role. */
  readonly secured: boolean;
  readonly columns: ReadonlyMap<string, ColumnFacts>;
}

/** Facts by table; a table that the server does not have is not among them. */
export type FactsCache = WeakMap<PgTable, TableFacts>;

export function columnFacts(
  facts: TableFacts | undefined,
  shape: TableShape,
  column: number,
): ColumnFacts | undefined {
  return facts?.columns.get(columnAt(shape, column).name);
}

/**
 * Whether naming a column is refused. drizzle names every column, also those that a row leaves out, and so must
 * we where the server has something against it.
 */
export function isRefused(facts: TableFacts | undefined, shape: TableShape, column: number): boolean {
  return facts !== undefined && columnFacts(facts, shape, column)?.insertable !== true;
}
