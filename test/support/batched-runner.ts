import type { PgTable } from 'drizzle-orm/pg-core';
import type { BatchedInsert } from '../../src/index.ts';
import { BatchedTransaction } from './drivers/chosen.ts';
import type { Choices } from './plain-runner.ts';
import type { Database } from './program-database.ts';
import { labelOf, type PreparedInsert, returnedRows, returnsKey } from './program-inserts.ts';
import type { Parent, Quote } from './program-rows.ts';
import { type Executable, propertyOf } from './program-statements.ts';
import { firstGivenKey, tables } from './program-tables.ts';
import { type Issued, Runner } from './run-program.ts';
import { nameOf, outcomeOf, type Path } from './trace.ts';

/**
 * The runner of our side. It awaits an insert where the program does, and refers to rows before they are
 * written.
 */
export class BatchedRunner extends Runner {
  readonly #inserts = new Map<string, BatchedInsert<PgTable, never>>();
  /** The ids that awaited inserts returned. */
  readonly #ids = new Map<string, readonly number[]>();
  /** The texts that later steps quote, by the place that does. */
  readonly #quoted = new Map<string, unknown>();

  constructor(readonly choices: Choices) {
    super();
  }

  protected override async issue(
    _db: Database,
    { insert, path, builder, awaitable }: PreparedInsert,
  ): Promise<Issued> {
    const issued = builder as BatchedInsert<PgTable, never>;
    this.#inserts.set(nameOf(path), issued);
    // A text is named before its insert leaves, since only the server may know it.
    for (const [place, { insert: quoted, row, of }] of this.choices.quoted) {
      if (quoted !== nameOf(path)) continue;
      this.#quoted.set(place, issued.ref(propertyOf(tables[of].text) as never, row));
    }
    return async () => {
      const outcome = await outcomeOf(awaitable);
      if ('value' in outcome && returnsKey(insert)) {
        const rows = returnedRows(outcome.value);
        this.#ids.set(
          nameOf(path),
          rows.map(({ id, key }) => Number(id ?? key)),
        );
      }
      return outcome;
    };
  }

  protected override async execute(statement: Executable): Promise<Issued> {
    return () => outcomeOf(statement);
  }

  protected override async flush(db: Database): Promise<void> {
    if (db instanceof BatchedTransaction) await db.flush();
  }

  override parent({ known }: Parent, path: Path): unknown {
    const chosen = this.choices.parents.get(nameOf(path));
    if (!chosen) return firstGivenKey;
    const id = known ? this.#ids.get(chosen.insert)?.[chosen.row] : undefined;
    return id ?? this.#inserts.get(chosen.insert)?.ref('id' as never, chosen.row);
  }

  override quote(_quote: Quote, path: Path): unknown {
    return this.#quoted.get(nameOf(path)) ?? labelOf(path);
  }
}
