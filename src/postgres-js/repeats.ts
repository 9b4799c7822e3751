/** An INSERT with the text of the one right before it, which the server need not parse and describe again. */
import { codeOf } from '../errors.ts';
import type { Query } from './internals.ts';

/**
 * The server keeps the unnamed statement until the next Parse, or the next message of the simple protocol. So behind a query of
 * the same text Bind and Execute are enough.
 *
 * Only on a connection to a process of the server itself, and only once BEGIN has been answered. Outside of a transaction, a
 * pooler may send what follows to another server, where the unnamed statement is somebody else's.
 */
export class Repeats {
  /** The query that was written last, if it is such an INSERT. */
  #last: Query | undefined;
  /** What the server says of a statement behind a failed one, in its own language. */
  #aborted = 'current transaction is aborted, commands ignored until end of transaction block';

  constructor(private readonly isDirect: boolean) {}

  /** @param execute has postgres.js write the query in this very call */
  send(query: Query, hasBegun: boolean, execute: (query: Query) => unknown): void {
    const before = hasBegun ? this.#last : undefined;
    this.#last = undefined;
    if (!this.isDirect || !query.mayRepeat) {
      execute(query);
      return;
    }
    const { options } = query;
    const shared = before && sharedStatement(query, before);
    const written = new OptionsWhenWritten(query, shared);
    query.options = written;
    execute(query);
    query.options = options;
    // A function of the client's, such as `debug`, may have thrown.
    if (written.isAsked) this.#last = query;
    // While it is prepared, postgres.js would send it again after an error of the server's cache.
    if (written.isAsked && shared)
      Object.assign(query, { prepare: false, prepared: false, statement: before.statement });
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

/** @returns `undefined` if the server must parse the query */
function sharedStatement(query: Query, { strings, statement }: Query): Query['statement'] | undefined {
  if (!statement || strings[0] !== query.strings[0]) return undefined;
  // It has no types until it is described, and that answer comes before this query's own.
  if (statement.types.length === 0) return statement;
  // With types Bind would serialise the values, which are texts already.
  return statement.columns ? { ...statement, types: [] } : undefined;
}

/**
 * The options of a query when postgres.js writes it. It decides what the query is, then reads `simple`, and then whether it is
 * prepared, and which statement it has.
 */
class OptionsWhenWritten {
  readonly prepare = false;
  /** The query is being written. */
  isAsked = false;
  readonly #query: Query;
  readonly #statement: Query['statement'] | undefined;

  /** @param statement that of the query before, if the server need not parse this one */
  constructor(query: Query, statement: Query['statement'] | undefined) {
    this.#query = query;
    this.#statement = statement;
  }

  get simple(): boolean {
    this.isAsked = true;
    if (this.#statement)
      Object.assign(this.#query, { prepare: true, prepared: true, statement: this.#statement });
    return false;
  }
}
