/** The part of one table in a flush. */
export interface TableReport {
  /** The table as it is written in SQL. */
  readonly table: string;
  /** Rows written. Rows that a conflict clause or a trigger skipped are counted too. */
  readonly rows: number;
  /** Keys allocated by the key query, also for rows that were refused afterwards. */
  readonly keys: number;
  /** Statements that wrote the rows. */
  readonly statements: number;
}

/**
 * The result of a flush, as totals and by table.
 *
 * @example
 * const { rows, roundTrips } = await db.flush(); // 200 rows in 2 tables, 1 round trip
 */
export interface FlushReport {
  /** Rows written to all tables. */
  readonly rows: number;
  /** Keys allocated for all tables. */
  readonly keys: number;
  /** Statements sent, without BEGIN and COMMIT. Statements that were refused and sent again count twice. */
  readonly statements: number;
  /** Waits for the server. A BEGIN or COMMIT that leaves together with other statements is no extra trip. */
  readonly roundTrips: number;
  /** Duration in milliseconds. */
  readonly ms: number;
  readonly tables: readonly TableReport[];
}

/**
 * Why inserts of a flight did not share statements.
 *
 * - `one`: there was one of its kind.
 * - `few`: so few that their own statements cost less.
 * - `unproved`: it is not proved that no program can observe it.
 * - `commit`: COMMIT would have had to wait, and leave by itself.
 * - `apart`: each insert of the database was a transaction of its own, since sharing is not proved or one was refused.
 * - `seeking`: one was refused, and had to be found.
 * - `server`: the server or its engine does not allow it, or has not answered a question about the table.
 */
export type NotShared = 'one' | 'few' | 'unproved' | 'commit' | 'apart' | 'seeking' | 'server';

/** How a flight wrote rows of a table. */
export interface TablePlan {
  /** The table as it is written in SQL. */
  readonly table: string;
  /** Each insert by its own statement, by a shared INSERT, by one that is matched with its sources, or by COPY. */
  readonly way: 'own' | 'shared' | 'matched' | 'copied';
  readonly rows: number;
  readonly statements: number;
  /** Set if the way is `own`. */
  readonly why?: NotShared;
}

/** A flight: what a flush sent without waiting for an answer. One that was undone and sent again comes twice. */
export type FlightPlan = readonly TablePlan[];

type Counts = { -readonly [Key in keyof TableReport]: TableReport[Key] };

export class ReportBuilder {
  statements = 0;
  roundTrips = 0;
  /** The plans of its flights, if `batch.trace` is set. */
  readonly plans: FlightPlan[] = [];
  readonly #started = performance.now();
  readonly #tables = new Map<string, Counts>();

  count(table: string, counted: Partial<Omit<TableReport, 'table'>>): void {
    const counts = this.#tables.get(table) ?? { table, rows: 0, keys: 0, statements: 0 };
    this.#tables.set(table, counts);
    counts.rows += counted.rows ?? 0;
    counts.keys += counted.keys ?? 0;
    counts.statements += counted.statements ?? 0;
  }

  build(): FlushReport {
    const tables = [...this.#tables.values()];
    return {
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      keys: tables.reduce((sum, { keys }) => sum + keys, 0),
      statements: this.statements,
      roundTrips: this.roundTrips,
      ms: performance.now() - this.#started,
      tables,
    };
  }
}
