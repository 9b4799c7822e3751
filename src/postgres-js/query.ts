/** Queries that postgres.js sends without describing them first. */
import type { Statement } from '../driver/statement.ts';
import type { Client, ClientOptions, Query } from './internals.ts';
import { survivePoolStart } from './survive-pool-start.ts';

export function makeQuery(
  client: Client,
  { text, params, answer }: Statement,
  describes: boolean,
  options: object = {},
): Query {
  const query = makeUnanswered(client, text, params, describes, options) as unknown as Query;
  survivePoolStart(query);
  return answer === 'raw' ? query.raw() : query.values();
}

function makeUnanswered(
  client: Client,
  text: string,
  params: Statement['params'],
  describes: boolean,
  options: object,
): unknown {
  if (params.length === 0) return client.unsafe(text, [], options);
  if (describes) {
    // The type `unknown`: the server infers the real one, and postgres.js has no serialiser for it. The
    // parameter is text already.
    const typed = params.map((param) => client.typed(param as string, unknownType));
    return client.unsafe(text, typed as never, options);
  }
  const query = client.unsafe(text, [], { ...options, simple: false } as object);
  // postgres.js describes a query that has arguments. With `parameters` set and no arguments it sends Parse,
  // Bind and Execute.
  return Object.assign(query, { parameters: [...params] });
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
