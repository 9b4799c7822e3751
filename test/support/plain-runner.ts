import { inArray } from 'drizzle-orm';
import type { Database } from './program-database.ts';
import { labelOf, type PreparedInsert, returnedRows, returnsKey } from './program-inserts.ts';
import type { Parent, ParentName } from './program-rows.ts';
import type { Executable } from './program-statements.ts';
import { children, firstGivenKey, tables } from './program-tables.ts';
import { type Issued, Runner } from './run-program.ts';
import { nameOf, outcomeOf, type Path, type ScopeTrace } from './trace.ts';

/** A row that other rows may refer to. */
interface Candidate {
  readonly path: Path;
  readonly row: number;
  readonly of: ParentName;
  readonly id: number;
  /** Whether the program knows its key, because the insert returned the key or the program gave it. */
  readonly isTold: boolean;
  /** Whether its insert has been awaited without a way left to refer to the row (docs/limits.md). */
  isClaimed: boolean;
  isNamed: boolean;
}

/** The row that was chosen as a parent, by the place that refers to it. Both sides choose the same row. */
export type Choices = Map<string, { readonly insert: string; readonly row: number }>;

/** The runner of plain drizzle. It awaits each insert where it is issued, and knows each id. */
export class PlainRunner extends Runner {
  readonly choices: Choices = new Map();
  #candidates: Candidate[] = [];

  protected override async issue(db: Database, prepared: PreparedInsert, scope: ScopeTrace): Promise<Issued> {
    const outcome = await outcomeOf(prepared.awaitable);
    scope.note(outcome, prepared.path);
    if ('value' in outcome) await this.#register(db, prepared, outcome.value);
    return async () => outcome;
  }

  protected override async execute(statement: Executable, scope: ScopeTrace, path: Path): Promise<Issued> {
    const outcome = await outcomeOf(statement);
    scope.note(outcome, path);
    scope.flight++;
    return async () => outcome;
  }

  protected override async flush(): Promise<void> {}

  override parent({ of, pick }: Parent, path: Path): unknown {
    const candidates = this.#candidates.filter(
      (each) => each.of === of && (each.isTold || each.isNamed || !each.isClaimed),
    );
    const chosen = candidates[pick % candidates.length];
    if (!chosen) return firstGivenKey;
    chosen.isNamed = true;
    this.choices.set(nameOf(path), { insert: nameOf(chosen.path), row: chosen.row });
    return chosen.id;
  }

  protected override claimed(path: Path): void {
    for (const candidate of this.#within(path)) candidate.isClaimed = true;
  }

  protected override rolledBack(path: Path): void {
    const gone = new Set(this.#within(path));
    this.#candidates = this.#candidates.filter((candidate) => !gone.has(candidate));
  }

  #within(path: Path): Candidate[] {
    return this.#candidates.filter((candidate) =>
      path.every((place, index) => candidate.path[index] === place),
    );
  }

  /** Looks up ids, which the program itself does not ask for. */
  protected lookUp<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async #register(db: Database, { insert, path }: PreparedInsert, value: unknown): Promise<void> {
    if (!(insert.table in children)) return;
    const of = insert.table as ParentName;
    const isReturned = returnsKey(insert);
    const rows = isReturned ? returnedRows(value) : [];
    // If a conflict clause left out rows, the result does not show which ones.
    if (insert.conflict !== 'none' && (!isReturned || rows.length !== insert.rows.length)) return;
    const ids = isReturned
      ? rows.map(({ id, key }) => Number(id ?? key))
      : await this.lookUp(() => lookUp(db, of, path, insert.rows.length));
    for (const [row, id] of ids.entries()) {
      if (id === undefined) continue;
      const isTold = isReturned || insert.rows[row]?.id?.is === 'key';
      this.#candidates.push({ path, row, of, id, isTold, isClaimed: false, isNamed: false });
    }
  }
}

/** Finds the ids of rows by their texts. */
async function lookUp(
  db: Database,
  of: ParentName,
  path: Path,
  count: number,
): Promise<(number | undefined)[]> {
  const { table, key, text } = tables[of];
  const labels = Array.from({ length: count }, (_, row) => labelOf([...path, row]));
  const found = await db.select({ key, text }).from(table).where(inArray(text, labels));
  const ids = new Map(found.map((row) => [row.text, Number(row.key)]));
  return labels.map((label) => ids.get(label));
}
