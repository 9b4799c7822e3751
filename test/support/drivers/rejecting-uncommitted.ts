import pg from 'pg';

type Query = (...args: unknown[]) => Promise<{ readonly command: string }>;

/** The connections of a pool that are watched already. */
const watched = new WeakSet<pg.PoolClient>();

/**
 * A pool on which plain drizzle differs from ours in nothing that was decided.
 *
 * pg's pool closes the connection of a statement outside of transactions that the server has refused. What a session knows,
 * such as `currval`, is lost with it. Ours keeps the connection of an insert.
 *
 * A transaction rejects if nothing of it was written.
 *
 * If a callback swallows the failure of a statement, COMMIT answers ROLLBACK, and drizzle on pg resolves. Ours rejects with
 * the failure, as drizzle on postgres.js does. Here COMMIT rejects with the failure.
 *
 * A BEGIN that is refused gives its connection back. drizzle 0.45 on pg never does.
 *
 * @param isReleasing drizzle gives that connection back itself
 */
export function rejectingUncommitted(pool: pg.Pool, isReleasing = false): pg.Pool {
  const connect = pool.connect.bind(pool) as (...args: unknown[]) => Promise<pg.PoolClient>;
  // The pool itself gives a callback. Only drizzle's transactions await a connection.
  const connectWatched = async (...args: unknown[]): Promise<pg.PoolClient> => {
    const client = await connect(...args);
    if (args.length === 0 && !watched.has(client)) watch(client, isReleasing);
    return client;
  };
  return Object.assign(pool, { connect: connectWatched, query: keepingConnections(connect) });
}

function keepingConnections(connect: () => Promise<pg.PoolClient>): Query {
  return async (...args) => {
    const client = await connect();
    const query = client.query.bind(client) as unknown as Query;
    let loss: Error | undefined;
    try {
      return await query(...args);
    } catch (error) {
      const isRefused = error instanceof pg.DatabaseError && error.severity !== 'FATAL';
      if (!isRefused || !/^insert /.test(textOf(args[0]))) loss = error as Error;
      throw error;
    } finally {
      client.release(loss);
    }
  };
}

function watch(client: pg.PoolClient, isReleasing: boolean): void {
  watched.add(client);
  const query = client.query.bind(client) as unknown as Query;
  /** The first failure since a statement succeeded. Until a rollback none succeeds behind it. */
  let failure: unknown;
  const watchedQuery: Query = async (...args) => {
    let result: Awaited<ReturnType<Query>>;
    try {
      result = await query(...args);
    } catch (error) {
      if (error instanceof pg.DatabaseError) failure ??= error;
      if (!isReleasing && /^begin/.test(textOf(args[0]))) client.release();
      throw error;
    }
    if (textOf(args[0]) === 'commit' && result.command === 'ROLLBACK') throw failure;
    failure = undefined;
    return result;
  };
  // The pool's own statements have a callback, and are in no transaction.
  const either = (...args: unknown[]): unknown =>
    typeof args.at(-1) === 'function' ? query(...args) : watchedQuery(...args);
  Object.assign(client, { query: either });
}

const textOf = (config: unknown): string => `${(config as { text?: unknown } | undefined)?.text}`;
