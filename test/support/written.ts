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
  / where case .* else \('batched_drizzle: outside its transaction: ' \|\| current_user\)::boolean end/;

/** A statement without the text of its guard, which `guard.test.ts` spells out. */
export function unguarded({ text }: Statement): string {
  return text.replace(guard, ' where …');
}
