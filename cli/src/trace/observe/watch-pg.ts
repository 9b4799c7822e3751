/** node-postgres: where `query()` of a client or a pool is called, and which connection the query is submitted to. */
import { now } from './clock.ts';
import type { Origin } from './sent-statement.ts';
import { answeredInThisTurn } from './turn.ts';
import type { Watch } from './watch.ts';
import { connectionOf } from './watch-sockets.ts';

type Call = Omit<Origin, 'text'>;
type Method = (this: object, ...args: unknown[]) => unknown;
type Callback = (...args: unknown[]) => unknown;

interface PgQuery {
  readonly text?: string;
  submit(connection: { readonly stream?: object } | undefined): unknown;
}

interface PgClient {
  query: Method;
  readonly _queryQueue?: PgQuery[];
  readonly queryQueue?: PgQuery[];
}

interface PgPool {
  query: Method;
  connect: (this: object, callback?: Callback) => unknown;
}

/** The call of `Pool.query()` for which the pool has found a client. */
let pooled: Call | undefined;

function callFrom(watch: Watch, below: Method): Call {
  return { driver: 'pg', place: watch.place(below), issued: now(), after: answeredInThisTurn() };
}

export function watchPgClient({ prototype }: { readonly prototype: PgClient }, watch: Watch): void {
  const { query } = prototype;
  let calling: Call | undefined;
  const queues = new WeakSet<PgQuery[]>();

  /** Every query goes through the queue, and is submitted when it leaves it. */
  function watchQueue(queue: PgQuery[] | undefined): void {
    if (!queue || queues.has(queue)) return;
    queues.add(queue);
    const push = (...queries: PgQuery[]) => {
      for (const queued of queries) if (calling) noteSubmit(queued, calling);
      return Array.prototype.push.apply(queue, queries);
    };
    Object.defineProperty(queue, 'push', { configurable: true, writable: true, value: push });
  }

  prototype.query = function watched(this: PgClient, ...args) {
    watchQueue(this._queryQueue ?? this.queryQueue);
    const before = calling;
    calling = pooled ?? callFrom(watch, watched as Method);
    try {
      return query.apply(this, args);
    } finally {
      calling = before;
    }
  } as Method;
}

function noteSubmit(query: PgQuery, call: Call): void {
  const { submit } = query;
  query.submit = function (connection) {
    connectionOf(connection?.stream)?.origins.add({ ...call, text: () => query.text || undefined });
    return submit.call(this, connection);
  };
}

export function watchPgPool({ prototype }: { readonly prototype: PgPool }, watch: Watch): void {
  const { query, connect } = prototype;
  let asking: Call | undefined;

  prototype.query = function watched(...args) {
    const before = asking;
    asking = callFrom(watch, watched as Method);
    try {
      return query.apply(this, args);
    } finally {
      asking = before;
    }
  };

  // The client may come later, when another caller releases it.
  prototype.connect = function (callback) {
    const call = asking;
    if (!call || !callback) return connect.call(this, callback);
    asking = undefined;
    return connect.call(this, (...given) => {
      const before = pooled;
      pooled = call;
      try {
        return callback(...given);
      } finally {
        pooled = before;
      }
    });
  };
}
