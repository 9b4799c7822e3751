import { Writable } from 'node:stream';
import type { ReservedSql } from 'postgres';
import { collectCopies } from './collect-copies.ts';

/** What postgres.js keeps of a query. It settles the query by these two, and calls `resolve` twice for a COPY. */
interface SettledQuery {
  resolve(answer: Writable | { readonly count: number | null }): void;
  reject(error: unknown): void;
  writable(): Promise<unknown>;
  execute(): unknown;
  cancel(): void;
}

export interface Copy {
  /** The number of rows that were written. */
  readonly rows: Promise<number>;
  /** Cancels the statement in the server. */
  cancel(): void;
}

/**
 * Sends a COPY and its data, and settles with the server's own answer.
 *
 * The stream of `.writable()` does not have it: postgres.js loses an error that comes behind the end of the data. The query
 * itself is settled with it.
 */
export function copy(connection: ReservedSql, statement: string, data: readonly Uint8Array[]): Copy {
  const query = connection.unsafe(statement) as unknown as SettledQuery;
  const rows = new Promise<number>((resolve, reject) => {
    query.resolve = (answer) => {
      if (answer instanceof Writable) feed(answer, data);
      else resolve(answer.count ?? 0);
    };
    query.reject = reject;
  });
  query.writable();
  query.execute();
  return { rows, cancel: () => query.cancel() };
}

/** All of it at once: the data are in memory already, and the stream writes one piece after another. */
function feed(stream: Writable, data: readonly Uint8Array[]): void {
  // The error rejects the query as well.
  stream.on('error', () => {});
  // Their copies are freed when the socket has taken the last one: the server is still at work, and does not wait for it.
  const isLast = (index: number) => index === data.length - 1;
  for (const [index, piece] of data.entries()) stream.write(piece, isLast(index) ? collectCopies : undefined);
  stream.end();
}
