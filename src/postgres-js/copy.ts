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

/**
 * A COPY that is given all of its data as soon as the server asks for it, and that settles with the server's answer to it: the
 * count of rows, or why there are none.
 */
export function makeCopy(client: Client, text: string, blocks: Iterable<Uint8Array>): Query {
  const query = client.unsafe(text) as unknown as Query;
  outliveStart(query);
  const { resolve } = query;
  query.isCopy = true;
  query.resolve = (answer) => {
    if (!(answer instanceof Writable)) return resolve(answer);
    quieten(answer);
    for (const block of blocks) answer.write(block);
    answer.end();
  };
  return query;
}

/**
 * When the stream has finished, or the server has refused the data, postgres.js sends a CopyFail as well, which could reach the
 * server in another statement, or be written to a socket that is gone. What goes wrong is told by the query.
 */
function quieten(stream: Writable): void {
  stream._destroy = (error, done) => done(error);
  stream.on('error', () => {});
}
