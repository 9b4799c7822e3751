import { Writable } from 'node:stream';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { rejectionOf } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

// Each test pins a fact about postgres.js that `src/postgres-js/copy.ts` depends on. Our own code is not
// tested here.

const database = useDatabase();

interface Query extends Promise<unknown> {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  canceller: (query: Query) => Promise<unknown>;
  active: boolean;
  execute(): Query;
}

let client: Sql;

beforeEach(async () => {
  client = database.connect({ max: 1 });
  await client`truncate logs`;
});

/** A COPY whose results are observed in the order in which postgres.js gives them. */
function copy(): { query: Query; stream: Promise<Writable>; answered: Promise<unknown> } {
  const query = client.unsafe('copy logs from stdin') as unknown as Query;
  const { reject } = query;
  let answered: Promise<unknown> | undefined;
  const stream = new Promise<Writable>((resolveStream) => {
    answered = new Promise((resolve, rejectAnswer) => {
      query.resolve = (answer) =>
        answer instanceof Writable ? resolveStream(answer) : resolve((answer as { count: number }).count);
      query.reject = (error) => {
        rejectAnswer(error);
        reject(error);
      };
    });
  });
  query.catch(() => {});
  return { query, stream, answered: answered as Promise<unknown> };
}

const rows = async (): Promise<number> => (await client`select from logs`).length;

describe('postgres.js: a COPY', () => {
  test('is resolved with a stream when the server asks for data, and with its count when the server is ready', async () => {
    const { stream, answered } = copy();
    (await stream).end('info\ta\ninfo\tb\n');
    expect(await answered).toBe(2);
    expect(await rows()).toBe(2);
  });

  test('whose error comes behind the end of its data is rejected by its own answer, of which the stream hears nothing', async () => {
    const { stream, answered } = copy();
    const writable = await stream;
    const heard = vi.fn();
    writable.on('error', heard).on('finish', heard);
    // The last line is incomplete, so the server has to wait for the end of the data.
    writable.end('info\ta\ninfo\tb\tc');
    expect(await rejectionOf(answered)).toMatchObject({ code: '22P04' });
    expect(heard).not.toHaveBeenCalled();
    // The stream mistakes the success of the next statement for its own.
    await client`select 1`;
    expect(heard).toHaveBeenCalledOnce();
    expect(await rows()).toBe(0);
  });

  test('that is done ends its stream by what sends a CopyFail', async () => {
    const { stream, answered } = copy();
    const writable = await stream;
    const destroyed = vi.spyOn(writable, '_destroy');
    writable.end('info\ta\n');
    await answered;
    await new Promise(setImmediate);
    expect(destroyed).toHaveBeenCalledOnce();
  });

  test('that the server refuses in mid-data destroys its stream, whose error is for somebody to hear', async () => {
    const { stream, answered } = copy();
    const writable = await stream;
    const heard = vi.fn();
    writable.on('error', heard);
    writable.write('too\tmany\tcolumns\n'.repeat(5_000));
    expect(await rejectionOf(answered)).toMatchObject({ code: '22P04' });
    await new Promise(setImmediate);
    expect(heard).toHaveBeenCalledOnce();
    expect(await rows()).toBe(0);
  });

  test('lets nothing else out of its connection meanwhile', async () => {
    const { stream, answered } = copy();
    const writable = await stream;
    expect(await rejectionOf(client`select 1`)).toMatchObject({ code: 'COPY_IN_PROGRESS' });
    writable.end();
    await answered;
    expect(await client`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test('is active while it takes data, and is cancelled by its canceller, which the server heeds when data comes', async () => {
    const { query, stream, answered } = copy();
    const writable = await stream;
    writable.on('error', () => {});
    expect(query.active).toBe(true);
    // The answer may come before the request to cancel has ended.
    const refusal = rejectionOf(answered);
    await query.canceller(query);
    writable.end('info\ta\n'.repeat(5_000));
    expect(await refusal).toMatchObject({ code: '57014' });
    expect(await rows()).toBe(0);
  });

  test('is failed by the destruction of its stream', async () => {
    const { stream, answered } = copy();
    const writable = await stream;
    writable.on('error', () => {});
    writable.write('info\ta\n');
    writable.destroy(new Error('no more'));
    expect(await rejectionOf(answered)).toMatchObject({ code: '57014' });
    expect(await rows()).toBe(0);
  });
});
