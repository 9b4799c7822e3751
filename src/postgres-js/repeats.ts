/** A statement with the text of the one right before it, which the server need not parse and describe again. */
import { codeOf } from '../errors.ts';
import type { Query } from './internals.ts';

/** What the server keeps as the unnamed statement. */
interface Kept {
  readonly text: string;
  /** Of the query that it was parsed for. The server's answer fills in types and columns. */
  readonly statement: NonNullable<Query['statement']>;
  /** The types that were declared for its parameters: with others the server may infer another statement. */
  readonly declared: string;
  /** How often it may be executed again. */
  left: number;
}

/**
 * The server plans a statement for its values the first five times. From then on it may keep one plan for all values, which
 * could be another one. An INSERT of mere values has no choice of plans.
 */
const mostPlans = 5;

/**
 * The server keeps the unnamed statement until the next Parse, or the next message of the simple protocol. So behind a query of
 * the same text Bind and Execute are enough. Raw SQL is always parsed, because it may change what its own text means.
 *
 * Only on a connection to a process of the server itself, and only once BEGIN has been answered. Outside of a transaction, a
 * pooler may send what follows to another server, where the unnamed statement is somebody else's.
 */
export class Repeats {
  #last: Kept | undefined;
  /** What the server says of a statement behind a failed one, in its own language. */
  #aborted = 'current transaction is aborted, commands ignored until end of transaction block';

  constructor(private readonly isDirect: boolean) {}

  /** @param execute has postgres.js write the query in this very call */
  send(query: Query, hasBegun: boolean, execute: (query: Query) => unknown): void {
    const before = hasBegun ? this.#last : undefined;
    this.#last = undefined;
    if (!this.isDirect || !mayRepeat(query)) {
      execute(query);
      return;
    }
    const { options } = query;
    const written = new OptionsWhenWritten(() => {
      const repeated = before && isRepeated(query, before);
      this.#last = repeated ? before : keep(query);
      return repeated ? executeAgain(query, before) : undefined;
    });
    query.options = written;
    execute(query);
    query.options = options;
    written.after?.();
  }

  /**
   * If the query before it could not be parsed, the server has no statement for this one, and refuses it with 26000. Had it been
   * sent to be parsed, it would have been refused with 25P02.
   */
  explain(query: Query, error: Error): void {
    if (codeOf(error) === '25P02') this.#aborted = error.message;
    if (!query.mayRepeat || codeOf(error) !== '26000') return;
    if ((error as { routine?: unknown }).routine !== 'exec_bind_message') return;
    const { stack, message } = error;
    Object.assign(error, {
      code: '25P02',
      message: this.#aborted,
      stack: stack?.replace(message, this.#aborted),
    });
  }
}

/** Own inserts, and what drizzle's builders make. */
function mayRepeat({ mayRepeat, isBound, sent, options }: Query): boolean {
  return Boolean(mayRepeat || (isBound && sent?.isBuilt && !options.prepare));
}

function keep(query: Query): Kept {
  const left = query.mayRepeat ? Number.POSITIVE_INFINITY : mostPlans - 1;
  const statement = query.statement as Kept['statement'];
  return { text: statement.string, statement, declared: statement.types.join(), left };
}

/** What drizzle builds may be no SQL at all, and each such statement is told so. So the server must have parsed the first one. */
function isRepeated(
  { statement, mayRepeat }: Query,
  { text, statement: told, declared, left }: Kept,
): boolean {
  if (left === 0 || statement?.string !== text || statement.types.join() !== declared) return false;
  return mayRepeat === true || told.columns !== undefined;
}

/**
 * Has Bind and Execute written.
 *
 * @returns what is to be done when they are
 */
function executeAgain(query: Query, before: Kept): () => void {
  before.left -= 1;
  const { types: declared } = query.statement as Kept['statement'];
  const { types, columns } = before.statement;
  // Before the server has told the columns, its answer fills them in for all queries that have the statement.
  const statement = columns ? { ...before.statement } : before.statement;
  // Bind serialises values by these types. By those that the server has told, it would serialise texts once more.
  statement.types = declared;
  Object.assign(query, { statement, prepare: true, isRepeat: true });
  setPrepared(query, true);
  return () => {
    statement.types = types;
    query.prepare = false;
    // While it is prepared, postgres.js would send it again after an error of the server's cache.
    setPrepared(query, false);
  };
}

/** In a bound query it is an accessor, for statements that the connection knows by a name. */
function setPrepared(query: Query, value: boolean): void {
  Object.defineProperty(query, 'prepared', { value, writable: true, enumerable: true, configurable: true });
}

/**
 * The options of a query when postgres.js writes it. It decides what the query is, then reads `simple`, and then whether it is
 * prepared, and which statement it has.
 */
class OptionsWhenWritten {
  readonly prepare = false;
  /** To be called when the query is written. It is not, if a function of the client's has thrown, such as `debug`. */
  after: (() => void) | undefined;

  constructor(private readonly choose: () => (() => void) | undefined) {}

  get simple(): boolean {
    this.after = this.choose();
    return false;
  }
}
