import type { KeyList, Plan } from '../../src/plan.ts';
import type { Statement } from '../../src/statement.ts';
import { writeChunk } from '../../src/write/chunk.ts';
import { planReturning } from '../../src/write/returning.ts';
import { dialect, serialize } from './entries.ts';

export interface WriteOptions {
  /** Marks the flight; `undefined` where BEGIN has been answered. */
  readonly token?: string | undefined;
  /** Keys that the client has. */
  readonly keys?: ReadonlyMap<KeyList, readonly string[]>;
}

/** The INSERTs of a plan, as a flight writes them. */
export function statementsOf(
  { chunks, identifiers }: Plan,
  { token, keys = new Map() }: WriteOptions = {},
): Statement[] {
  return chunks.map((chunk) => {
    const returning = planReturning(chunk, dialect, identifiers.get(chunk.shape.table), () => false);
    return writeChunk(chunk, returning, { dialect, serialize, token, keys });
  });
}

const guard =
  / where (case .* else \('batched_drizzle: outside its transaction: ' \|\| current_user\)::boolean end)/s;

/** The text of a statement's guard, on one line. */
export function guardOf({ text }: Statement): string | undefined {
  return guard.exec(text)?.[1]?.replaceAll(/\s+/g, ' ');
}

/** A statement and its parameters, without the guard and what is its own of them. */
export function unguarded(statement: Statement): (string | null)[] {
  const own = new Set(
    [...(guardOf(statement) ?? '').matchAll(/\$(\d+)/g)].map(([, place]) => Number(place) - 1),
  );
  return [
    statement.text.replace(guard, ' where …'),
    ...statement.params.filter((_, index) => !own.has(index)),
  ];
}
