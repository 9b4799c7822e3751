import type { Sql } from 'postgres';
import type { Given, Referee } from '../method/database.ts';
import type { Session } from '../sides/side.ts';
import type { Table } from '../tables.ts';

/** A task that every side does, each in its own way. */
export interface Job {
  readonly name: string;
  readonly title: string;
  /** The thing that the size counts. */
  readonly unit: string;
  readonly tables: readonly Table[];
  /** The number of rows that a run of this size writes. */
  rows(size: number): number;
  /** Gives the referee the rows that a run of so many transactions must leave behind. */
  expect(referee: Referee, size: number, transactions?: number): Promise<void>;
  /**
   * For a job that changes rows that are there before. It is called before each run, instead of emptying the
   * tables. It returns the check for after the run, which rejects if the run changed anything else.
   */
  watch?(sql: Sql, size: number): Promise<(side: string) => Promise<void>>;
  /** Makes the data of a run and returns the run. Returns nothing if the side takes no part. */
  prepare(session: Session, size: number, manner?: Manner): Run | undefined;
}

/** How a run is made up. */
export interface Manner {
  /** For jobs whose transactions are too short to be timed one at a time; the others have one. */
  readonly transactions?: number | undefined;
  /** For jobs whose number of callers varies; they share the pool. Default 1. */
  readonly callers?: number | undefined;
}

/** Writes the rows, and resolves to what the side was given back. */
export interface Run {
  (): Promise<readonly Given[]>;
  /** A first transaction, untimed. What it writes is reported by the run. */
  open?(): Promise<void>;
  /** Milliseconds of each call, if the run has several callers. */
  readonly calls?: readonly number[];
}
