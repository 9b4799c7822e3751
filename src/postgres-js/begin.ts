/** Takes a connection out of the pool and begins a transaction on it. */
import { command, type Statement } from '../driver/statement.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { HeldConnection } from './held-connection.ts';
import type { Client, ClientOptions, PoolConnection, Query } from './internals.ts';
import { NeverSent } from './never-sent.ts';
import { rawTransactionOf } from './raw-transaction.ts';
import { Repeats } from './repeats.ts';
import { survivePoolStart } from './survive-pool-start.ts';

/**
 * postgres.js hands a connection out by `onexecute` only if it would send more on it: not behind `max_pipeline` queries, and
 * not if the socket takes no more. A BEGIN that was sent there would be nobody's. So BEGIN itself asks only on an idle
 * connection. On a busy one an empty statement asks, and BEGIN follows once the connection is held.
 *
 * The promise resolves as soon as BEGIN is sent on an idle connection. A busy one answers it first: plain drizzle would not
 * have called the callback earlier either.
 *
 * @param meet is told of the backend, before BEGIN is answered, and returns whether it is a process of the server itself
 * @param mark what the transaction's first statement depends on: it travels in BEGIN's own message
 */
export function begin(
  client: Client,
  describes: boolean,
  meet: (backend: Query['state']) => boolean,
  mark: Statement | undefined,
): Promise<HeldConnection> {
  const text = mark ? `begin; ${mark.text}` : 'begin';
  const { max_pipeline } = client.options as unknown as ClientOptions;
  if (!(max_pipeline >= 1)) return Promise.reject(unsupported(max_pipeline));
  return new Promise((resolve, reject) => {
    // Let go when it is settled, since the query of BEGIN outlives its transaction: see `letGo`.
    let waiting: { resolve: typeof resolve; reject: typeof reject } | undefined = { resolve, reject };
    let isOver = false;
    let unwritten = 0;

    const hold = (connection: PoolConnection, asked: Query): void => {
      isOver = true;
      rawTransactionOf(client).watch(connection);
      const repeats = new Repeats(meet(asked.state));
      const held = new HeldConnection(client, connection, describes, mark !== undefined, repeats);
      const isBegin = asked.active;
      const begun = isBegin ? asked : held.send(command(text));
      begun.then(
        () => {
          held.begin();
          waiting?.resolve(held);
          waiting = undefined;
        },
        (error: Error) => {
          held.refuse(error);
          waiting?.reject(error);
          waiting = undefined;
        },
      );
      if (isBegin) waiting?.resolve(held);
    };

    const ask = (): void => {
      unwritten += 1;
      const onexecute = (connection: PoolConnection): boolean => {
        // Nobody waits for the connection any more, so it stays in the pool.
        if (isOver) return true;
        hold(connection, query);
        // False keeps the connection out of the pool's busy queue, where queries of other callers would join it.
        return false;
      };
      const query = client.unsafe('', [], { onexecute } as object) as unknown as Query;
      survivePoolStart(query);
      query.strings = new TextWhenWritten(query, () => {
        // A promise job, since a test may have replaced `queueMicrotask`.
        Promise.resolve().then(() => {
          unwritten -= 1;
          // The connection takes no more until it is idle. If it does not serve the first of two that stand side by side in
          // the pool's queue, the second one is the first that it gets then.
          if (!isOver && unwritten === 0) for (const again of [ask, ask]) again();
        });
        // A query is active if the connection has nothing else to do.
        return query.active && !isOver ? text : '';
      });
      query.execute().catch((error: Error) => {
        // One that was written has asked again already.
        if (isOver || query.state) return;
        isOver = true;
        waiting?.reject(new NeverSent(error));
      });
    };
    ask();
  });
}

/**
 * The strings of a query whose text is asked for when postgres.js writes it, right after it has set the query's state. It is
 * no accessor of the query: V8 turns an object with one into a dictionary, and then all code that reads queries is slower.
 */
class TextWhenWritten {
  readonly length = 1;
  readonly #query: Query;
  readonly #write: () => string;

  constructor(query: Query, write: () => string) {
    this.#query = query;
    this.#write = write;
  }

  get 0(): string {
    return this.#query.state ? this.#write() : '';
  }
}

function unsupported(maxPipeline: unknown): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'UNSUPPORTED_CLIENT',
    `transactions need a client whose max_pipeline is at least 1, got ${String(maxPipeline)}`,
  );
}
