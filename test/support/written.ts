import { CopyStatement, type Statement, type StatementParam } from '../../src/driver/statement.ts';
import type { TableShape } from '../../src/drizzle/table.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planReturning } from '../../src/write/returning.ts';
import { writeChunk } from '../../src/write/write-chunk.ts';
import { dialect, encoder } from './entries.ts';
import { readableSql } from './readable-sql.ts';

export interface WriteOptions {
  /** Marks the flight; `undefined` if the server has already confirmed BEGIN. */
  readonly token?: string | undefined;
  /** Tables that the flight has locked. */
  readonly locked?: ReadonlySet<TableShape>;
}

/** The INSERTs of a plan, as a flight writes them, but for the schema of PostgreSQL's own names. */
export function statementsOf(
  { chunks, sentinelColumns }: Plan,
  { token, locked = new Set() }: WriteOptions = {},
): Statement[] {
  const flight = { dialect, encoder, token, locked, keysKnown: Promise.resolve() };
  return chunks.map((chunk) => {
    const returning = planReturning(chunk, dialect, sentinelColumns.get(chunk.shape.table), () => false);
    const statement = writeChunk(chunk, returning, flight);
    if (statement instanceof CopyStatement) return statement;
    const { params, answer, guarded } = statement;
    return { text: readableSql(statement.text), params, answer, guarded };
  });
}

/** The SQL that parses a short list of keys. */
export const parsedList = (name: string, type: string): string =>
  `${name} as materialized (select string_to_array(current_setting('batched_drizzle.${name}'), ',')::${type}[] as a)`;

const guard =
  / where (case .* else \('batched_drizzle: outside its transaction: ' \|\| current_user::text\)::boolean end)/s;

/** The text of a statement's guard, on one line. */
export function guardOf({ text }: Statement): string | undefined {
  return guard.exec(text)?.[1]?.replaceAll(/\s+/g, ' ');
}

/** A statement and its parameters, without the guard and the guard's own parameters. */
export function unguarded(statement: Statement): StatementParam[] {
  const own = new Set(
    [...(guardOf(statement) ?? '').matchAll(/\$(\d+)/g)].map(([, place]) => Number(place) - 1),
  );
  return [
    statement.text.replace(guard, ' where …'),
    ...statement.params.filter((_, index) => !own.has(index)),
  ];
}
