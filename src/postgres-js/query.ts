/** Queries that postgres.js sends, mostly without describing them first. */
import { isRaw, type Statement } from '../driver/statement.ts';
import { noteUnbound } from './errors.ts';
import type { Client, Query } from './internals.ts';
import { survivePoolStart } from './survive-pool-start.ts';

export function makeQuery(
  client: Client,
  { text, params, answer }: Statement,
  describes: boolean,
  options: object = {},
): Query {
  const query = makeUnanswered(client, text, params, describes, options) as unknown as Query;
  survivePoolStart(query);
  if (params.some(isRaw)) noteIfUnbound(query);
  return answer === 'raw' ? query.raw() : query.values();
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
  text: string,
  params: Statement['params'],
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
  return Object.assign(query, { parameters: [...params] });
}

const unknownType = 705;

export function isQuery(made: unknown): made is Query {
  return made instanceof Promise && 'handler' in made;
}
