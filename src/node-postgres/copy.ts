/** The data behind `COPY … FROM STDIN`. */
import { once } from 'node:events';
import type { Answer } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { Connection } from './internals.ts';
import type { CopyData } from './piece.ts';

/**
 * Writes the blocks no faster than the socket takes them, and what ends them. Never rejects.
 *
 * @param isStopped the server has refused the COPY, and discards the data
 */
export async function feed(connection: Connection, data: CopyData, isStopped: () => boolean): Promise<void> {
  const { stream } = connection;
  try {
    for await (const block of data.blocks) {
      if (isStopped()) return;
      connection.sendCopyFromChunk(block);
      if (stream.writableNeedDrain) await drained(connection);
    }
    if (!isStopped()) connection.endCopyFrom();
  } catch (error) {
    data.broken(asError(error));
    if (!isStopped()) connection.sendCopyFail('the rows could not be made');
  }
}

/** The answer of a COPY. The error of making its rows explains more than the server's. */
export async function copyWith(
  send: (data: CopyData) => Promise<Answer>,
  blocks: CopyData['blocks'],
  isReady: boolean,
): Promise<Answer> {
  let reason: Error | undefined;
  const broken = (error: Error): void => {
    reason = error;
  };
  try {
    return await send({ blocks, isReady, broken });
  } catch (error) {
    throw reason ?? error;
  }
}

/** Settles when the socket has taken the data, or is closed. */
async function drained({ stream }: Connection): Promise<void> {
  const settled = new AbortController();
  const events = ['drain', 'close', 'error'].map((event) => once(stream, event, { signal: settled.signal }));
  await Promise.race(events).catch(() => {});
  settled.abort();
  await Promise.allSettled(events);
}
