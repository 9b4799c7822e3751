/**
 * `COPY … FROM STDIN` on a connection.
 *
 * postgres.js resolves the query with a stream as soon as the server is ready for data, and takes the stream's end for the
 * end of the COPY: an error behind it is told to nobody, and the stream's last callback is that of the *next* statement.
 * The connection itself does settle the query, though, by its own answer (`ReadyForQuery`); here it finds somebody who listens.
 */
import { Writable } from 'node:stream';
import { asError } from '../errors.ts';
import type { Client, Query } from './internals.ts';
import { survivePoolStart } from './survive-pool-start.ts';

export interface CopyFeed {
  readonly blocks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Settles when BEGIN has been answered; no row leaves before. */
  readonly begun: Promise<void>;
  /** All data have been written: other statements may stand behind them. */
  readonly fed: () => void;
}

/**
 * A COPY that is fed as soon as the server asks for data, no faster than the socket takes them, and that settles with the
 * server's answer to it: the count of rows, or why there are none.
 */
export function makeCopy(client: Client, text: string, { blocks, begun, fed }: CopyFeed): Query {
  const query = client.unsafe(text) as unknown as Query;
  survivePoolStart(query);
  const { resolve, reject } = query;
  let broken: Error | undefined;
  query.isCopy = true;
  query.resolve = (answer) => {
    if (!(answer instanceof Writable)) return resolve(answer);
    const fail = takeOver(answer, fed);
    begun
      .then(() => feed(answer, blocks))
      .catch((error) => {
        broken = asError(error);
        fail();
      });
  };
  // What the rows could not be made for says more than the server, which was told to give up.
  query.reject = (error) => reject(broken ?? error);
  return query;
}

async function feed(stream: Writable, blocks: CopyFeed['blocks']): Promise<void> {
  for await (const block of blocks) {
    if (stream.destroyed) return;
    if (!stream.write(block)) await drained(stream);
  }
  if (!stream.destroyed) stream.end();
}

/** The socket has taken what was written, or takes no more. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error'];
    const settle = (): void => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
  });
}

/**
 * When the stream has finished, or the server has refused the data, postgres.js sends a CopyFail as well, which could reach the
 * server in another statement, or be written to a socket that is gone. What goes wrong is told by the query.
 *
 * @returns what sends it on purpose
 */
function takeOver(stream: Writable, fed: () => void): () => void {
  const { _final: finish } = stream;
  stream._final = (done) => {
    finish.call(stream, done);
    fed();
  };
  const sendFailure = stream._destroy;
  stream._destroy = (error, done) => done(error);
  stream.on('error', () => {});
  return () => {
    if (stream.destroyed || stream.writableEnded) return;
    stream._destroy = sendFailure;
    stream.destroy(new Error('the rows could not be made'));
  };
}
