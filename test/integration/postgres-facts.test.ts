import net from 'node:net';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type BatchOptions, batchedDrizzle } from '../../src/index.ts';
import { startCounted } from '../support/counted.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, logs, users, wide } from '../support/schema.ts';
import { type ClientOptions, useDatabase } from '../support/test-database.ts';

// Each test pins a fact about postgres.js that `src/postgres-js/` depends on. Our own code is not tested
// here.

const database = useDatabase();

interface PoolConnection {
  execute(query: Query): unknown;
  reserved: ((() => void) & { release?: boolean }) | null;
  onclose: ((error: Error) => void) | null;
  queue: {
    length: number;
    remove(connection: PoolConnection): unknown;
    push(connection: PoolConnection): unknown;
  };
  terminate(): void;
}

interface Query extends Promise<unknown[][] & { statement: { types: number[] }; columns: unknown[] }> {
  args: unknown[];
  parameters: unknown[] | undefined;
  handler: ((query: Query) => unknown) & { debug?: unknown };
  active: boolean;
  state: object | null;
  readonly strings: readonly string[];
  describeFirst?: unknown;
  cursorFn?: unknown;
  options: Record<string, unknown>;
  execute(): Query;
  raw(): Query;
  values(): Query;
  reject(error: Error): void;
}

function unsafe(client: Sql, text: string, params: unknown[] = [], options: object = {}): Query {
  return client.unsafe(text, params as never, options) as unknown as Query;
}

/** Sends BEGIN and reserves its connection as the library does. */
async function take(client: Sql): Promise<{ connection: PoolConnection; mine: ReturnType<typeof vi.fn> }> {
  const mine = Object.assign(vi.fn(), { release: false });
  let connection: PoolConnection | undefined;
  const onexecute = (taken: PoolConnection): boolean => {
    connection = taken;
    taken.reserved = mine as never;
    return false;
  };
  await unsafe(client, 'begin', [], { onexecute });
  if (!connection) throw new Error('onexecute was not called');
  return { connection, mine };
}

/** The client under test, which is one of postgres.js here. */
const sqlOf = (client: object): Sql => client as unknown as Sql;

/** A query that is executed on this connection only. */
function routed(client: Sql, connection: PoolConnection, text: string): Query {
  const query = unsafe(client, text);
  query.handler = Object.assign((self: Query) => connection.execute(self), { debug: client.options.debug });
  return query;
}

describe('postgres.js: a query', () => {
  test('without arguments takes parameters set before it executes, and is not described', async () => {
    const { relay, client } = await startCounted(database, { knowing: false });
    const query = unsafe(sqlOf(client), 'select $1::int * 2, $2::text, $3::text', [], { simple: false });
    query.parameters = ['21', null, ''];
    relay.reset();
    expect([...(await query.values())]).toEqual([[42, null, '']]);
    expect(relay.trips).toBe(1);
    expect(relay.statements).toEqual(['select $1::int * 2, $2::text, $3::text']);

    relay.reset();
    await unsafe(sqlOf(client), 'select $1::int', ['1']);
    expect(relay.trips).toBe(2);
  });

  test('with parameters set so is pipelined behind others', async () => {
    const { relay, client } = await startCounted(database, { knowing: false });
    relay.reset();
    const answers = await Promise.all(
      ['1', '2', '3'].map((param) => {
        const query = unsafe(sqlOf(client), 'select $1::int', [], { simple: false });
        query.parameters = [param];
        return query.values();
      }),
    );
    expect(answers.map((answer) => answer[0]?.[0])).toEqual([1, 2, 3]);
    expect(relay.trips).toBe(1);
  });

  test('without parameters is a simple query, and unsafe() does not prepare by itself', () => {
    const client = database.connect();
    const options = (query: Query): Record<string, unknown> => {
      query.catch(() => {});
      query.reject(new Error('never sent'));
      return query.options;
    };
    expect(options(unsafe(client, 'select 1'))).toMatchObject({ simple: true, prepare: false });
    expect(options(unsafe(client, 'select $1', [1]))).toMatchObject({ simple: false, prepare: false });
  });

  test('is handed to its `handler` when it is executed, once', async () => {
    const client = database.connect();
    const query = unsafe(client, 'select 1');
    expect(Object.hasOwn(query, 'handler')).toBe(true);
    const handler = vi.fn((self: Query) => self.reject(new Error('kept')));
    query.handler = Object.assign(handler, { debug: false });
    expect(handler).not.toHaveBeenCalled();
    expect((await rejectionOf(query)).message).toBe('kept');
    await rejectionOf(query.execute());
    expect(handler).toHaveBeenCalledTimes(1);
    expect(handler).toHaveBeenCalledWith(query);
  });

  test('is a Promise with a `handler`; a fragment, an identifier or a helper is none', () => {
    const client = database.connect();
    const isQuery = (made: unknown): boolean => made instanceof Promise && 'handler' in made;
    const query = client`select 1`;
    expect(isQuery(query)).toBe(true);
    expect([client('name'), client({ a: 1 }), client.json({}), client.array([1])].map(isQuery)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test('tells by describeFirst and cursorFn that nothing may stand behind it, once it was sent', async () => {
    const client = database.connect({ max: 1 });
    const { connection } = await take(client);
    const send = async (query: Query): Promise<boolean> => {
      connection.execute(query);
      const isBlocking = Boolean(query.describeFirst || query.cursorFn);
      await query;
      return isBlocking;
    };
    expect(await send(unsafe(client, 'select 1'))).toBe(false);
    expect(await send(unsafe(client, 'select $1::int', [1]))).toBe(true);
    const bound = unsafe(client, 'select $1::int', [], { simple: false });
    bound.parameters = ['1'];
    expect(await send(bound)).toBe(false);
    await routed(client, connection, 'rollback');
  });

  test('is not described if `describeFirst` stays unset, and takes `parameters` set before it executes', async () => {
    const { relay, client } = await startCounted(database, { knowing: false });
    const query = unsafe(sqlOf(client), 'select $1::int * 2 as a, $2::bool as b', [21, true]);
    Object.defineProperty(query, 'describeFirst', { get: () => false, set: () => {} });
    query.parameters = ['21', true] as never;
    relay.reset();
    expect([...(await query)]).toEqual([{ a: 42, b: true }]);
    expect(relay.trips).toBe(1);
  });

  test('has `parsing` false once the server has parsed it, and its types in `statement`', async () => {
    const client = database.connect({ max: 1 });
    type Parsed = Query & { parsing?: boolean; statement: { types: number[] } };
    const parsed = unsafe(client, 'select $1::int, $2', [1, 'x']) as Parsed;
    await parsed;
    expect([parsed.parsing, parsed.statement.types]).toEqual([false, [23, 25]]);
    const refused = unsafe(client, 'select nothing, $1::int', [1]) as Parsed;
    await rejectionOf(refused);
    expect(refused.parsing).toBeUndefined();
  });

  test('whose text the connection knows by a name is bound by the types that the server has told', async () => {
    const client = database.connect({
      max: 1,
      types: { t: { to: 25, from: [25], serialize: (x: unknown) => `${x}~`, parse: String } },
    });
    const ask = async (): Promise<unknown> => {
      const query = unsafe(client, 'select $1::text as it', ['x'], { prepare: true } as never);
      const [row] = await query;
      return [row, (query as unknown as { prepared: unknown }).prepared];
    };
    expect(await ask()).toEqual([{ it: 'x~' }, false]);
    expect(await ask()).toEqual([{ it: 'x~' }, true]);
  });

  test('is decided upon, then asked for `options.simple`, and then whether it is prepared, and for its statement', async () => {
    const client = database.connect({ max: 1 });
    const select = (param: string) =>
      Object.assign(unsafe(client, 'select $1::text as it', [], { simple: false }), { parameters: [param] });
    const first = select('x');
    const second = select('y');
    const asked: unknown[] = [];
    const { options } = second;
    second.options = {
      prepare: false,
      get simple() {
        const { prepared, statement } = second as unknown as { prepared: unknown; statement: object };
        asked.push([prepared, Object.keys(statement)]);
        // Bind and Execute of the unnamed statement, which the first has described.
        Object.assign(second, { prepare: true, prepared: true });
        Object.assign(second, { statement: (first as unknown as { statement: object }).statement, options });
        return false;
      },
    };
    expect(await Promise.all([first, second])).toEqual([[{ it: 'x' }], [{ it: 'y' }]]);
    expect(asked).toEqual([[false, ['string', 'types', 'name']]]);
  });

  test('answers raw() in bytes and values() in arrays, untouched and touched by `transform`', async () => {
    const client = database.connect({ transform: { value: { from: () => 'transformed' } } });
    const [raw] = await unsafe(client, 'select 1, null').raw();
    expect(raw).toEqual([Buffer.from('1'), null]);
    const [values] = await unsafe(client, 'select 1, null').values();
    expect(values).toEqual(['transformed', 'transformed']);
  });

  test('answers with a Result that has count, command, state, columns and statement, and can be made anew', async () => {
    const client = database.connect();
    const answer = await unsafe(client, "insert into logs values ('a', 'b'), ('c', 'd')");
    expect(Object.getOwnPropertyNames(answer)).toEqual(
      expect.arrayContaining(['count', 'command', 'state', 'columns', 'statement']),
    );
    expect(answer).toMatchObject({ count: 2, command: 'INSERT', length: 0 });
    const made = new (answer.constructor as new () => unknown[])();
    expect(Array.isArray(made)).toBe(true);
    expect(Object.keys(Object.assign(made, { count: 1, command: 'INSERT' }))).toEqual([]);
  });

  test('that fails has its statement and parameters on the error, where they can not be changed', async () => {
    const client = database.connect();
    const error = await rejectionOf(unsafe(client, 'select $1::int / 0', [7]));
    expect(error).toBeInstanceOf(postgres.PostgresError);
    expect(error).toMatchObject({ query: 'select $1::int / 0', parameters: ['7'], args: [7], types: [23] });
    expect(Object.getOwnPropertyDescriptor(error, 'query')?.configurable).toBe(false);
    expect(error).toMatchObject({ severity: 'ERROR', severity_local: 'ERROR' });
  });
});

describe('postgres.js: a connection', () => {
  test('is the `state` of a query from when it is written; before that it is null', async () => {
    const client = database.connect({ max: 1 });
    const query = unsafe(client, 'select 1');
    expect(query.state).toBeNull();
    await query;
    expect(query.state).toEqual({ pid: expect.any(Number), secret: expect.any(Number) });
    const refused = unsafe(
      database.connect({ url: 'postgres://postgres:x@127.0.0.1:1/postgres' }),
      'select 1',
    );
    await rejectionOf(refused);
    expect(refused.state).toBeNull();
  });

  test('asks for the types of arrays as it starts, by a query that goes through `handle`', async () => {
    const client = database.connect({ max: 1 });
    const query = unsafe(client, 'select 1');
    const handle = vi.spyOn(Object.getPrototypeOf(query), 'handle');
    await query;
    const texts = handle.mock.contexts.map((each) => (each as Query).strings[0]?.trim());
    handle.mockRestore();
    expect(texts).toContainEqual(expect.stringMatching(/^select b.oid, b.typarray/));
  });

  test('gives what it holds to `terminate()`, which rejects it, and starts again at the next query', async () => {
    const client = database.connect({ max: 1 });
    const { connection } = await take(client);
    const queries = [1, 2].map((number) => routed(client, connection, `select pg_sleep(${number})`));
    const errors = queries.map((query) => rejectionOf(query));
    await expect.poll(() => queries.every(({ state }) => state)).toBe(true);
    connection.terminate();
    for (const error of errors) expect(await error).toMatchObject({ code: 'CONNECTION_DESTROYED' });
    expect(await client`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test('onexecute is called with the connection, and false keeps it out of the pool', async () => {
    const client = database.connect({ max: 1 });
    const { connection } = await take(client);
    expect(connection.execute).toBeTypeOf('function');
    let isAnswered = false;
    const other = client`select 1`.then(() => {
      isAnswered = true;
    });
    await routed(client, connection, 'select pg_sleep(0.05)');
    expect(isAnswered).toBe(false);
    await routed(client, connection, 'rollback');
    await other;
    expect(isAnswered).toBe(true);
  });

  test('is busy for others where onexecute gives true, so that their queries join the transaction', async () => {
    const client = database.connect({ max: 1 });
    await client`select 1`;
    let connection: PoolConnection | undefined;
    const onexecute = (taken: PoolConnection): boolean => {
      connection = taken;
      taken.reserved = Object.assign(() => {}, { release: false });
      return true;
    };
    const begun = unsafe(client, 'begin', [], { onexecute }).execute();
    const joined = unsafe(client, "select set_config('facts.joined', 'yes', true)").execute();
    await Promise.all([begun, joined]);
    const [row] = await routed(
      client,
      connection as PoolConnection,
      "select current_setting('facts.joined')",
    ).values();
    expect(row).toEqual(['yes']);
    await routed(client, connection as PoolConnection, 'rollback');
  });

  test('calls `reserved` when every answer is in and the transaction is open', async () => {
    const client = database.connect({ max: 1 });
    const { connection, mine } = await take(client);
    mine.mockClear();
    await Promise.all([1, 2, 3].map((number) => routed(client, connection, `select ${number}`)));
    await new Promise(setImmediate);
    expect(mine).toHaveBeenCalledTimes(1);
    expect(connection.reserved).toBe(mine);
    await routed(client, connection, 'rollback');
  });

  test('that is reserved is given back when the server is idle', async () => {
    const client = database.connect({ max: 1 });
    for (const end of ['commit', 'rollback']) {
      const { connection, mine } = await take(client);
      expect(connection.reserved).toBe(mine);
      await routed(client, connection, end);
      expect(connection.reserved).toBeNull();
      expect(await client`select 1 as one`).toEqual([{ one: 1 }]);
    }
  });

  test('that is reserved stays so after an error, until ROLLBACK', async () => {
    const client = database.connect({ max: 1 });
    const { connection, mine } = await take(client);
    await rejectionOf(routed(client, connection, 'select 1/0'));
    expect(connection.reserved).toBe(mine);
    await routed(client, connection, 'rollback');
    expect(connection.reserved).toBeNull();
  });

  test('that is reserved may BEGIN on a pool of more than one', async () => {
    const client = database.connect({ max: 3 });
    const { connection } = await take(client);
    await routed(client, connection, 'rollback');
    await expect(unsafe(client, 'begin')).rejects.toMatchObject({ code: 'UNSAFE_TRANSACTION' });
  });

  test('calls `onclose` with an error when it is lost', async () => {
    const client = database.connect({ max: 1 });
    const { connection } = await take(client);
    const lost = new Promise<Error>((resolve) => {
      connection.onclose = resolve;
    });
    const query = routed(client, connection, 'select pg_terminate_backend(pg_backend_pid())');
    await rejectionOf(query);
    expect(await lost).toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  test('that is idle has its queries active at once; one that is busy has not', async () => {
    const client = database.connect({ max: 1 });
    await client`select 1`;
    const seen: boolean[] = [];
    const watch = (text: string): Query => {
      const query: Query = unsafe(client, text, [], {
        onexecute: () => {
          seen.push(query.active);
          return true;
        },
      });
      return query;
    };
    await Promise.all([watch('select 1').execute(), watch('select 2').execute()]);
    expect(seen).toEqual([true, false]);
  });

  test('is not handed out behind max_pipeline queries, which are sent all the same', async () => {
    const client = database.connect({ max: 1, max_pipeline: 2 } as ClientOptions);
    await client`select 1`;
    const handedOut: number[] = [];
    const watch = (number: number): Query =>
      unsafe(client, `select ${number}`, [], {
        onexecute: () => {
          handedOut.push(number);
          return true;
        },
      }).execute();
    await Promise.all([1, 2, 3].map(watch));
    // The active query does not count. The third one fills the pipeline.
    expect(handedOut).toEqual([1, 2]);
  });

  test('sets the state of a query, and reads its text when it knows whether the query is active', async () => {
    const client = database.connect({ max: 1 });
    await client`select 1`;
    const seen = new Set<string>();
    const watch = (name: string): Query => {
      const query = unsafe(client, '');
      let { state } = query;
      Object.defineProperties(query, {
        state: {
          get: () => state,
          set: (next) => {
            state = next;
            seen.add(`${name}: state`);
          },
        },
        strings: {
          get: () => {
            if (state) seen.add(`${name}: text${query.active ? ', active' : ''}`);
            return [''];
          },
        },
      });
      return query.execute();
    };
    await Promise.all([watch('first'), watch('second')]);
    expect([...seen]).toEqual(['first: state', 'first: text, active', 'second: state', 'second: text']);
  });

  test('joins the pool when its socket drains and no query is active, though it is reserved', async () => {
    const sockets: net.Socket[] = [];
    const socket = ({ host: [host], port: [port] }: { host: [string]; port: [number] }) => {
      const made = net.connect(port, host);
      sockets.push(made);
      return Object.assign(made, { host, port });
    };
    const client = database.connect({ max: 1, socket } as ClientOptions);
    const { connection } = await take(client);
    await routed(client, connection, "select set_config('facts.drained', 'yes', true)");
    sockets[0]?.emit('drain');
    // If this becomes undefined, nothing needs to keep a held connection from the pool any more.
    expect(await client`select current_setting('facts.drained', true) as drained`).toEqual([
      { drained: 'yes' },
    ]);
    await routed(client, connection, 'rollback');
  });

  test('is moved by its `queue`, and joins that of the closed ones before `onclose`', async () => {
    const client = database.connect({ max: 1 });
    const { connection } = await take(client);
    const { queue } = connection;
    let closed: PoolConnection['queue'] | undefined;
    connection.onclose = () => {
      closed = connection.queue;
    };
    await rejectionOf(routed(client, connection, 'select pg_terminate_backend(pg_backend_pid())'));
    await expect.poll(() => closed?.length).toBe(1);
    expect(closed).not.toBe(queue);
    expect(closed?.remove(connection)).toBe(connection);
    closed?.push(connection);
  });

  test('whose backend died rejects the first query after its reconnect with the error of before', async () => {
    const client = database.connect({ max: 1 });
    const killer = database.connect({ max: 1 });
    const [row] = await client`select pg_backend_pid() as pid`;
    const dying = rejectionOf(client`select pg_sleep(10)`);
    await expect
      .poll(() => killer`select 1 from pg_stat_activity where pid = ${row?.pid} and query like '%pg_sleep%'`)
      .toHaveLength(1);
    await killer`select pg_terminate_backend(${row?.pid})`;
    await dying;
    const outcomes = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      outcomes.push(
        await client`select 1`.then(
          () => 'answered',
          ({ code }) => code,
        ),
      );
    }
    // If this becomes ['answered', …], `begin()` no longer needs its second attempt.
    expect(outcomes).toEqual(['57P01', 'answered', 'answered']);
  });

  test('a transaction of ours begins on it nevertheless', async () => {
    const client = database.connect({ max: 1 });
    const killer = database.connect({ max: 1 });
    const [row] = await client`select pg_backend_pid() as pid`;
    const dying = rejectionOf(client`select pg_sleep(10)`);
    await expect
      .poll(() => killer`select 1 from pg_stat_activity where pid = ${row?.pid} and query like '%pg_sleep%'`)
      .toHaveLength(1);
    await killer`select pg_terminate_backend(${row?.pid})`;
    await dying;
    await batchedDrizzle(client).transaction(async (tx) => {
      tx.insert(logs).values({ level: 'revived', message: 'a' });
    });
    expect(await killer`select message from logs where level = 'revived'`).toHaveLength(1);
  });
});

describe('postgres.js: the options of a client', () => {
  test('are joined by the parameters of the server when a connection is up, in an object that stays the same', async () => {
    const client = database.connect({ max: 1 });
    const { parameters } = client;
    expect(parameters).toEqual({});
    await client`select 1`;
    expect(client.parameters).toBe(parameters);
    expect(parameters.server_version).toMatch(/^\d+/);
  });

  test('options.socket is read for each new connection', async () => {
    const client = database.connect({ max: 1 });
    await client`select 1`;
    const made: net.Socket[] = [];
    Object.assign(client.options, {
      socket: ({ host: [host], port: [port] }: { host: [string]; port: [number] }) => {
        const socket = net.connect(port, host);
        made.push(socket);
        return Object.assign(socket, { host, port });
      },
    });
    await rejectionOf(client`select pg_terminate_backend(pg_backend_pid())`);
    await client`select 1`.catch(() => {});
    await client`select 1`;
    expect(made.length).toBeGreaterThan(0);
  });

  test('has serializers and parsers by the type’s oid; the parser of an array says so', () => {
    const { serializers, parsers } = drizzle(database.connect()).$client.options as unknown as {
      serializers: Record<number, (value: unknown) => unknown>;
      parsers: Record<number, ((text: string) => unknown) & { array?: boolean }>;
    };
    expect(serializers[16]?.(true)).toBe('t');
    expect(serializers[17]?.(Buffer.from([1, 255]))).toBe('\\x01ff');
    expect(parsers[23]?.('5')).toBe(5);
    expect(parsers[20]).toBeUndefined();
    expect(parsers[23]?.array).toBeUndefined();
  });

  test('learns the parsers of arrays as it connects, and marks them', async () => {
    const client = database.connect();
    await client`select 1`;
    const { parsers } = client.options as unknown as {
      parsers: Record<number, { array?: boolean } | undefined>;
    };
    expect(parsers[1007]?.array).toBe(true);
  });

  test('infers the types of Date, Uint8Array, boolean and bigint from the value, and of no other', async () => {
    const client = database.connect();
    const typeOf = async (value: unknown): Promise<number | undefined> => {
      const error = await rejectionOf(unsafe(client, 'select $1::text/0', [value]));
      return (error.types as number[])[0];
    };
    expect(await typeOf(new Date(0))).toBe(1184);
    expect(await typeOf(Buffer.from('a'))).toBe(17);
    expect(await typeOf(true)).toBe(16);
    expect(await typeOf(5n)).toBe(20);
    expect(await typeOf(5)).toBe(0);
    expect(await typeOf('5')).toBe(0);
    expect(await typeOf([true])).toBe(16);
    expect(await typeOf({ a: 1 })).toBe(0);
  });
});

/**
 * A graph of users and addresses that is flushed, awaited and committed. The returned ids must be those in
 * the tables.
 */
async function graphJob(batch: BatchOptions, client: Sql): Promise<void> {
  const db = batchedDrizzle(client, { batch });
  const prefix = `${Math.random()}`.slice(2, 10);
  const given = await db.transaction(async (tx) => {
    const rows = [];
    for (let number = 0; number < 30; number++) {
      const user = tx
        .insert(users)
        .values({ name: `${prefix} ${number}` })
        .returning();
      const pair = tx
        .insert(addresses)
        .values(['a', 'b'].map((kind) => ({ email: `${prefix} ${number} ${kind}`, userId: user.ref('id') })))
        .returning();
      rows.push(Promise.all([user, pair]));
    }
    await tx.flush();
    tx.insert(wide).values([
      { note: `${prefix} "quoted" \\`, labels: ['a,b', 'NULL'] },
      { document: { a: [null] } },
    ]);
    return Promise.all(rows);
  });
  expect(given).toHaveLength(30);
  for (const [[user], pair] of given) {
    const found = await db
      .select()
      .from(addresses)
      .where(eq(addresses.userId, user?.id ?? 0))
      .orderBy(addresses.email);
    expect(found).toEqual(pair);
    expect(found.map(({ email }) => email)).toEqual([`${user?.name} a`, `${user?.name} b`]);
  }
  const [alone] = await db
    .insert(users)
    .values({ name: `${prefix} alone` })
    .returning();
  expect(
    await db
      .select()
      .from(users)
      .where(eq(users.name, `${prefix} alone`)),
  ).toEqual([alone]);
  await rejectionOf(db.insert(users).values([{ name: `${prefix} alone` }, { name: `${prefix} other` }]));
  expect(await db.$count(users, eq(users.name, `${prefix} other`))).toBe(0);
}

describe('the same job passes', () => {
  let client: Sql;
  beforeEach(() => {
    client = database.connect();
  });

  const ways: [string, BatchOptions][] = [
    ['with defaults', {}],
    ["with `batch.parameters: 'describe'`", { parameters: 'describe' }],
    ["with `batch.keys: 'client'`", { keys: 'client' }],
    ['with both fall-backs', { parameters: 'describe', keys: 'client' }],
    ['with chunks of few rows', { maxRows: 7 }],
    ['with both fall-backs and chunks of few rows', { parameters: 'describe', keys: 'client', maxRows: 7 }],
  ];
  test.each(ways)('%s', (_, batch) => graphJob(batch, client));

  const clients: [string, ClientOptions][] = [
    ['that has one connection', { max: 1 }],
    ['that prepares nothing', { prepare: false }],
    ['that fetches no types', { fetch_types: false }],
    ['that fetches no types and has one connection', { fetch_types: false, max: 1 }],
    ['that debugs', { debug: () => {} }],
    ['that transforms what it reads', { transform: { row: { from: (row) => row } } }],
    ['that pipelines nothing', { max_pipeline: 1 } as ClientOptions],
    ['that closes idle connections', { idle_timeout: 1 }],
  ];
  test.each(clients)('on a client %s', (_, options) => graphJob({}, database.connect(options)));

  test("`batch.parameters: 'describe'` describes each statement, and so is told apart", async () => {
    const { count, db } = await startCounted(database, { batch: { parameters: 'describe' } });
    const { trips } = await count(() => db.insert(logs).values({ level: 'described', message: 'a' }));
    expect(trips).toBe(2);
  });
});
