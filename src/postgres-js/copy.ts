/**
 * `COPY … FROM STDIN` on a connection.
 *
 * postgres.js resolves the query with a stream as soon as the server is ready for data, and takes the stream's end for the
 * end of the COPY: an error behind it is told to nobody, and the stream's last callback is that of the *next* statement.
 * The connection itself does settle the query, though, by its own answer (`ReadyForQuery`); here it finds somebody who listens.
 */
import { Writable } from 'node:stream';
import { outliveStart } from './outlive-start.ts';
import type { Client, Query } from './query.ts';

export interface CopyQuery extends Query {
  /** Ends the data with CopyFail, where it has begun; the server rolls back. */
  stop(): void;
}

/**
 * A COPY that is fed as soon as the server asks for data, and that settles with the server's answer to it: the count of rows,
 * or why there are none.
 */
export function makeCopy(client: Client, text: string, blocks: Iterable<Uint8Array>): CopyQuery {
  const query = client.unsafe(text) as unknown as CopyQuery;
  outliveStart(query);
  const { resolve } = query;
  let fail = (): void => {};
  let isStopped = false;
  query.resolve = (answer) => {
    if (!(answer instanceof Writable)) return resolve(answer);
    fail = takeOver(answer);
    if (isStopped) return fail();
    for (const block of blocks) answer.write(block);
    answer.end();
  };
  query.stop = () => {
    isStopped = true;
    fail();
  };
  return query;
}

/**
 * When the stream has finished, or the server has refused the data, postgres.js sends a CopyFail as well, which could reach the
 * server in another statement, or be written to a socket that is gone. @returns what sends it on purpose
 */
function takeOver(stream: Writable): () => void {
  const sendFailure = stream._destroy;
  stream._destroy = (error, done) => done(error);
  // What goes wrong is told by the query.
  stream.on('error', () => {});
  return () => {
    if (stream.destroyed || stream.writableEnded) return;
    stream._destroy = sendFailure;
    stream.destroy(new Error('the load was stopped'));
  };
}
