/** Queries that postgres.js sends, mostly without describing them first. */
import { type Answer, isRaw, type Statement } from '../driver/statement.ts';
import { readCells } from './cells.ts';
import { noteUnbound } from './errors.ts';
import type { Client, ClientOptions, Query } from './internals.ts';
import { survivePoolStart } from './survive-pool-start.ts';

export function makeQuery(
  client: Client,
  { text, params, answer, mayRepeat }: Statement,
  describes: boolean,
  given: object = {},
): Query {
  const query = makeUnanswered(client, { text, params, mayRepeat }, describes, given) as unknown as Query;
  survivePoolStart(query);
  if (params.some(isRaw)) noteIfUnbound(query);
  if (answer === 'raw') return query.raw();
  const options = client.options as unknown as ClientOptions;
  // A transform of rows is called with their parsed cells, and only postgres.js itself can do that.
  if (answer === 'values' || options.transform?.row?.from) return query.values();
  const { resolve } = query;
  const resolveRead: Query['resolve'] = (rows) => resolve.call(query, readCells(rows as Answer, options));
  query.resolve = resolveRead;
  return query.raw();
}

/** Without a `state` it was never sent, for a reason of the connection. */
function noteIfUnbound(query: Query): void {
  const { reject } = query;
  query.reject = (error) => {
    if (query.state) noteUnbound(error);
    reject(error);
  };
}

function makeUnanswered(
  client: Client,
  { text, params, mayRepeat }: Pick<Statement, 'text' | 'params' | 'mayRepeat'>,
  describes: boolean,
  options: object,
): unknown {
  if (params.length === 0) return client.unsafe(text, [], options);
  if (describes || params.some(isRaw)) {
    // The type `unknown`: the server infers the real one, and postgres.js has no serialiser for it. The
    // parameter is text already.
    const typed = params.map((param) =>
      isRaw(param) ? param.value : client.typed(param as string, unknownType),
    );
    return client.unsafe(text, typed as never, options);
  }
  const query = client.unsafe(text, [], { ...options, simple: false } as object);
  // postgres.js describes a query that has arguments. With `parameters` set and no arguments it sends Parse,
  // Bind and Execute.
  return Object.assign(query, { parameters: [...params], mayRepeat });
}

const unknownType = 705;

export function isQuery(made: unknown): made is Query {
  return made instanceof Promise && 'handler' in made;
}

/** Has a query executed by a handler instead of the pool. */
export function route(client: Client, query: Query, handler: (query: Query) => void): Query {
  const { debug } = client.options as unknown as ClientOptions;
  query.handler = Object.assign(handler, { debug });
  return query;
}

/**
 * A settled query keeps nothing of its transaction. Its constructor assigns function literals to it, which V8 puts among the old
 * objects at once: whatever such a query still reaches survives until a full collection.
 */
export function letGo(query: Query): void {
  query.handler = nothing;
  // One that is not there is not added.
  if (query.sent) query.sent = undefined;
  if (query.failed) query.failed = undefined;
  if (query.bindIfKnown) query.bindIfKnown = undefined;
}

function nothing(): void {}

/** Rejects a query that has not been sent. */
export function rejectUnsent(query: Query, error: Error): void {
  // The caller may ignore it.
  query.catch(() => {});
  query.reject(error);
  query.failed?.(error);
}
