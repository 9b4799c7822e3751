/** A query of postgres.js, made so that it leaves without being described. */
import type { Sql } from 'postgres';
import type { Answer, Statement } from '../statement.ts';
import { outliveStart } from './outlive-start.ts';

/** What this folder knows of a query that postgres.js has made. */
export interface Query extends Promise<Answer> {
  args: unknown[];
  parameters: unknown[] | undefined;
  handler: ((query: Query) => unknown) & { debug?: unknown };
  active: boolean;
  /** Asks the server to cancel it; settles when the server has heard. */
  canceller: ((query: Query) => Promise<unknown>) | null;
  /** The backend that it was written to; null where it never was. */
  state: object | null;
  describeFirst?: unknown;
  cursorFn?: unknown;
  /** Ours: data stand behind it, and nothing else may. */
  isCopy?: boolean;
  readonly strings: readonly string[];
  readonly executed: boolean;
  handle(): Promise<void>;
  execute(): Query;
  raw(): Query;
  values(): Query;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What this folder knows of a connection of the pool. */
export interface PoolConnection {
  execute(query: Query): unknown;
  reserved: (() => void) | null;
  onclose: ((error: Error) => void) | null;
  terminate(): void;
}

export interface ClientOptions {
  readonly serializers: Record<number, ((value: unknown) => unknown) | undefined>;
  readonly parsers: Record<number, (((text: string) => unknown) & { array?: boolean }) | undefined>;
  readonly transform?: { value?: { from?: unknown }; row?: { from?: unknown } };
  readonly debug?: unknown;
  readonly host?: string[];
  readonly path?: unknown;
  readonly max: number;
  socket?: unknown;
}

/** The client, which is a function too. */
export type Client = Sql & ((...args: unknown[]) => unknown);

export function makeQuery(
  client: Client,
  { text, params, answer }: Statement,
  describes: boolean,
  options: object = {},
): Query {
  const query = makeUnanswered(client, text, params, describes, options) as unknown as Query;
  outliveStart(query);
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
    // Of the type `unknown`, which the server infers and for which postgres.js has no serialiser: it is text already.
    const typed = params.map((param) => client.typed(param as string, unknownType));
    return client.unsafe(text, typed as never, options);
  }
  const query = client.unsafe(text, [], { ...options, simple: false } as object);
  // Given its parameters before it executes, and no arguments to describe, it leaves as Parse, Bind, Execute.
  return Object.assign(query, { parameters: [...params] });
}

const unknownType = 705;

export function isQuery(made: unknown): made is Query {
  return made instanceof Promise && 'handler' in made;
}
