/**
 * `COPY … FROM STDIN` on a connection.
 *
 * postgres.js resolves the query with a stream as soon as the server is ready for data. It takes the stream's
 * end for the end of the COPY, so a later error is lost. The stream's last callback even belongs to the
 * *next* statement.
 *
 * The connection itself does settle the query with its own answer (`ReadyForQuery`). This file makes the
 * query's promise settle with that answer.
 */
import { Writable } from 'node:stream';
import { asError } from '../errors.ts';
import { postgresJsErrors } from './errors.ts';
import type { Client, Query } from './internals.ts';
import { survivePoolStart } from './survive-pool-start.ts';

export interface CopyFeed {
  readonly blocks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Settles when BEGIN is answered. No row leaves before. */
  readonly begun: Promise<void>;
  /** Called when all data are written: other statements may follow. */
  readonly fed: () => void;
  /** Called when the server has refused the COPY, while data may still be on their way into the socket. */
  readonly refused: () => void;
}

/**
 * A COPY. Its data start when the server asks for them, and flow no faster than the socket takes them. It
 * settles with the server's answer: the count of rows, or the error.
 */
export function makeCopy(client: Client, text: string, { blocks, begun, fed, refused }: CopyFeed): Query {
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
  // The error of making the rows explains more than the server's, which only reports the CopyFail.
  query.reject = (error) => {
    // A lost connection takes no more.
    if (postgresJsErrors.kindOf(error) === 'answer') refused();
    reject(broken ?? error);
  };
  return query;
}

async function feed(stream: Writable, blocks: CopyFeed['blocks']): Promise<void> {
  for await (const block of blocks) {
    if (stream.destroyed) return;
    if (!stream.write(block)) await drained(stream);
  }
  if (!stream.destroyed) stream.end();
}

/** Settles when the socket has taken the written data, or is closed. */
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
 * When the stream has finished, or the server has refused the data, postgres.js also sends a CopyFail. It
 * could reach the server inside another statement, or be written to a closed socket. So it is suppressed, and
 * the query carries the error instead.
 *
 * @returns a function that sends the CopyFail on purpose
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
