/** What a flush did. */

export interface TableReport {
  /** The table as it is written in SQL. */
  readonly table: string;
  /** Rows written; what a conflict clause or a trigger skipped is among them. */
  readonly rows: number;
  /** Keys taken ahead with the key query, also for rows that were refused afterwards. */
  readonly keys: number;
  /** INSERTs that wrote the rows. */
  readonly statements: number;
}

/**
 * What a flush did, in all and by table.
 *
 * `statements` counts everything sent on behalf of the flush but BEGIN and COMMIT, also what was refused and sent
 * again; `roundTrips` counts how often it waited for the server, a BEGIN or COMMIT that travels along being no trip of
 * its own; `ms` is how long it took, in milliseconds.
 */
export interface FlushReport {
  readonly rows: number;
  readonly keys: number;
  readonly statements: number;
  readonly roundTrips: number;
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
