import { inArray } from 'drizzle-orm';
import type { Database } from './program-database.ts';
import { labelOf, type PreparedInsert, returnedRows, returnsKey } from './program-inserts.ts';
import type { Parent, ParentName, Quote } from './program-rows.ts';
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
  /** As its insert left it. */
  readonly text: string | null;
  /** Whether the program knows its key, because the insert returned the key or the program gave it. */
  readonly isTold: boolean;
  /** Whether its insert has been awaited without a way left to refer to the row (docs/limits.md). */
  isClaimed: boolean;
  isNamed: boolean;
}

interface Choice {
  readonly insert: string;
  readonly row: number;
}

/** The rows that were chosen, by the place that refers to them. Both sides choose the same ones. */
export interface Choices {
  readonly parents: Map<string, Choice>;
  readonly quoted: Map<string, Choice & { readonly of: ParentName }>;
}

/** The runner of plain drizzle. It awaits each insert where it is issued, and knows each id. */
export class PlainRunner extends Runner {
  readonly choices: Choices = { parents: new Map(), quoted: new Map() };
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
    this.choices.parents.set(nameOf(path), { insert: nameOf(chosen.path), row: chosen.row });
    return chosen.id;
  }

  override quote({ of, pick }: Quote, path: Path): unknown {
    const candidates = this.#candidates.filter((each) => each.of === of && each.text !== null);
    const chosen = candidates[pick % candidates.length];
    if (!chosen) return labelOf(path);
    this.choices.quoted.set(nameOf(path), { of, insert: nameOf(chosen.path), row: chosen.row });
    return chosen.text;
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
    const found = await this.lookUp(() =>
      isReturned
        ? withKeys(
            db,
            of,
            rows.map(({ id, key }) => Number(id ?? key)),
          )
        : withLabels(db, of, path, insert.rows.length),
    );
    for (const [row, about] of found.entries()) {
      if (!about) continue;
      const isTold = isReturned || insert.rows[row]?.id?.is === 'key';
      this.#candidates.push({ path, row, of, ...about, isTold, isClaimed: false, isNamed: false });
    }
  }
}

type Found = Pick<Candidate, 'id' | 'text'> | undefined;

/** Finds rows by their ids. */
async function withKeys(db: Database, of: ParentName, ids: number[]): Promise<Found[]> {
  const found = await find(db, of, 'key', ids);
  return ids.map((id) => found.find((row) => row.id === id));
}

/** Finds rows by their texts. */
async function withLabels(db: Database, of: ParentName, path: Path, count: number): Promise<Found[]> {
  const labels = Array.from({ length: count }, (_, row) => labelOf([...path, row]));
  const found = await find(db, of, 'text', labels);
  return labels.map((label) => found.find((row) => row.text === label));
}

async function find(db: Database, of: ParentName, by: 'key' | 'text', values: unknown[]) {
  const { table, key, text } = tables[of];
  const found = await db.select({ id: key, text }).from(table).where(inArray(tables[of][by], values));
  return found.map((row) => ({ id: Number(row.id), text: row.text as string | null }));
}
