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

type Counts = { -readonly [Key in keyof TableReport]: TableReport[Key] };

export class ReportBuilder {
  statements = 0;
  roundTrips = 0;
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
