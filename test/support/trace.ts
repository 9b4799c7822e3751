import { DrizzleQueryError } from 'drizzle-orm';
import postgres from 'postgres';
import type { TableName } from './program-rows.ts';

/** Where a step stands in its program: in which step of which transaction, which member of a group. */
export type Path = readonly number[];
export const nameOf = (path: Path): string => path.join('.');

export type Outcome = { readonly value: unknown } | { readonly error: unknown };

export async function outcomeOf(work: PromiseLike<unknown> | (() => unknown)): Promise<Outcome> {
  try {
    return { value: await (typeof work === 'function' ? work() : work) };
  } catch (error) {
    return { error };
  }
}

/**
 * A transaction, a savepoint, or the database itself while a program runs. Flights are counted on the plain
 * side: inserts of one number would travel together.
 */
export class ScopeTrace {
  flight = 0;
  /** The first refusal of the server; nothing behind it can succeed. */
  failure: { readonly flight: number; readonly code: string } | undefined;
  /** What the server would refuse inserts of a flight for, had nothing failed before. */
  readonly codes = new Map<number, Set<string>>();
  /** The step at which its callback gave up. */
  thrownAt: string | undefined;
  isRolledBack = false;
  /** The scope inside whose error its callback did not catch. */
  endedBy: ScopeTrace | undefined;

  constructor(
    readonly path: Path,
    readonly outer?: ScopeTrace,
  ) {}

  get isTransaction(): boolean {
    return this.outer !== undefined;
  }

  get chain(): ScopeTrace[] {
    return [this, ...(this.outer?.chain ?? [])];
  }

  /** The scope whose failure ended this one. */
  get failed(): ScopeTrace | undefined {
    return this.failure ? this : this.endedBy?.failed;
  }

  /** Where the callbacks gave up, from the outermost to that in which it began. */
  get ending(): string {
    return `${this.thrownAt} ${this.endedBy?.ending}`;
  }

  mayFailFor(code: string): void {
    this.codes.set(this.flight, (this.codes.get(this.flight) ?? new Set()).add(code));
  }

  note(outcome: Outcome): void {
    const code = 'error' in outcome ? codeOf(outcome.error) : undefined;
    if (code && this.isTransaction) this.failure ??= { flight: this.flight, code };
  }
}

/** What a program saw of one step. */
export interface Seen {
  readonly what: 'insert' | 'statement' | 'flush' | 'transaction';
  readonly scope: ScopeTrace;
  readonly outcome: Outcome;
  /** The table whose rows it gave. */
  readonly table?: TableName | undefined;
  /** The flight of an insert. */
  readonly flight?: number;
  /** Of a transaction, the scope inside it. */
  readonly inner?: ScopeTrace;
  /** PostgreSQL promises no order of the rows. */
  readonly unordered?: boolean;
}

export type Trace = Map<string, Seen>;

/** The SQLSTATE that an error has somewhere among its causes. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof postgres.PostgresError) return error.code;
  return error instanceof Error ? codeOf(error.cause) : undefined;
}

/** What a program looks at when it catches an error: its class, or that of drizzle that it is one of. */
export function classOf(error: unknown): string {
  if (error instanceof DrizzleQueryError) return 'DrizzleQueryError';
  return error instanceof Error ? error.constructor.name : typeof error;
}

/** The same with what the database said. */
export function describeError(error: unknown): object {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  const { message, code, severity, schema_name, table_name, column_name, constraint_name } =
    cause as postgres.PostgresError;
  const said = { message, code, severity, schema_name, table_name, column_name, constraint_name };
  return { class: classOf(error), cause: classOf(cause), ...said };
}
