import type { PgTable } from 'drizzle-orm/pg-core';
import type { BatchedInsert } from '../../src/index.ts';
import { BatchedTransaction } from './drivers/chosen.ts';
import type { Choices } from './plain-runner.ts';
import type { Database } from './program-database.ts';
import { type PreparedInsert, returnedRows, returnsKey } from './program-inserts.ts';
import type { Parent } from './program-rows.ts';
import type { Executable } from './program-statements.ts';
import { firstGivenKey } from './program-tables.ts';
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

  constructor(readonly choices: Choices) {
    super();
  }

  protected override async issue(
    _db: Database,
    { insert, path, builder, awaitable }: PreparedInsert,
  ): Promise<Issued> {
    this.#inserts.set(nameOf(path), builder as BatchedInsert<PgTable, never>);
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
    const chosen = this.choices.get(nameOf(path));
    if (!chosen) return firstGivenKey;
    const id = known ? this.#ids.get(chosen.insert)?.[chosen.row] : undefined;
    return id ?? this.#inserts.get(chosen.insert)?.ref('id' as never, chosen.row);
  }
}
