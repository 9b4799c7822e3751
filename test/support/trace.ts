import { DrizzleQueryError } from 'drizzle-orm';
import { driver } from './drivers/chosen.ts';
import type { TableName } from './program-rows.ts';

/** The place of a step in its program: the step in each enclosing transaction, and the member of a group. */
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
 * A transaction, a savepoint, or the database itself while a program runs. The plain side counts flights: our
 * side would send inserts with the same number in one flight.
 */
export class ScopeTrace {
  flight = 0;
  /** The first refusal by the server. No later statement can succeed. */
  failure: { readonly flight: number; readonly code: string; readonly at: string } | undefined;
  /** The codes with which the server would refuse inserts of a flight, if nothing had failed before. */
  readonly codes = new Map<number, Set<string>>();
  /** The step at which the callback gave up. */
  thrownAt: string | undefined;
  isRolledBack = false;
  /** The inner scope whose error the callback did not catch. */
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

  /**
   * The steps at which the callbacks gave up, from this scope inwards to the one in which the error began.
   */
  get ending(): string {
    return `${this.thrownAt} ${this.endedBy?.ending}`;
  }

  mayFailFor(code: string): void {
    this.codes.set(this.flight, (this.codes.get(this.flight) ?? new Set()).add(code));
  }

  /** The step of this scope at which it failed, by a failure of its own or of a scope inside that it did not catch. */
  get failedAt(): number | undefined {
    if (!this.failed) return undefined;
    const place = (this.failure?.at ?? nameOf(this.endedBy?.path ?? [])).split('.')[this.path.length];
    return Number(place);
  }

  note(outcome: Outcome, path: Path): void {
    const code = 'error' in outcome ? codeOf(outcome.error) : undefined;
    if (code && this.isTransaction) this.failure ??= { flight: this.flight, code, at: nameOf(path) };
  }
}

/** The outcome of one step, as the program saw it. */
export interface Seen {
  readonly what: 'insert' | 'statement' | 'flush' | 'transaction';
  readonly scope: ScopeTrace;
  readonly outcome: Outcome;
  /** The table that the rows of the result are from. */
  readonly table?: TableName | undefined;
  /** The flight of an insert. */
  readonly flight?: number;
  /** The step at which an insert was awaited, if that is not its own. */
  readonly awaitedAt?: string;
  /** The scope inside a transaction. */
  readonly inner?: ScopeTrace;
  /** Whether the rows have no order that PostgreSQL guarantees. */
  readonly unordered?: boolean;
}

export type Trace = Map<string, Seen>;

/** The SQLSTATE of an error or of one of its causes. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof driver.DatabaseError) return error.code;
  return error instanceof Error ? codeOf(error.cause) : undefined;
}

/** The class that a program compares when it catches an error. */
export function classOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}

/** What programs look at in an error, and the fields of the database's error. */
export function describeError(error: unknown): object {
  const isQuery = error instanceof DrizzleQueryError;
  const cause = isQuery ? error.cause : error;
  const said = fieldsOf(cause, 'message', 'code', 'severity', ...driver.errorFields);
  return { class: classOf(error), ...(isQuery && likeDrizzles(error)), causes: causesOf(error), ...said };
}

/** Properties of an error, also those that it does not have. */
export function fieldsOf(error: unknown, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, (error as Record<string, unknown>)[name]]));
}

function likeDrizzles(error: DrizzleQueryError): object {
  const { name, message } = error;
  return { name, isFailedQuery: message.startsWith('Failed query: '), hasCode: 'code' in error };
}

function causesOf(error: unknown): string[] {
  return error instanceof Error && error.cause ? [classOf(error.cause), ...causesOf(error.cause)] : [];
}
