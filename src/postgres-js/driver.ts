/**
 * This folder is the only reader of what postgres.js does not export. Every fact used here is pinned by name in
 * `test/integration/postgres-facts.test.ts`, so that an upgrade which moves one fails there.
 */
import type { Sql } from 'postgres';
import type { Connection, Driver } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import { arrayLiteral, textOf } from '../driver/text.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import { declaredType } from './declared-type.ts';
import { HeldConnection } from './held-connection.ts';
import type { Client, ClientOptions, PoolConnection, Query } from './internals.ts';
import { NeverSent, runAlone } from './lone-query.ts';
import { outliveStart } from './outlive-start.ts';

export class PostgresJsDriver implements Driver {
  readonly #client: Client;
  readonly #options: ClientOptions;

  constructor(
    client: Sql,
    /** Leave the parameters to postgres.js, which describes each statement and waits. */
    readonly describes: boolean,
  ) {
    this.#client = client as Client;
    this.#options = client.options as unknown as ClientOptions;
  }

  /** Does as postgres.js does when it binds: a type it knows from the value, else the column's, else a string. */
  serialize(value: unknown, typeOid: number): string {
    // The server casts a boolean that postgres.js has declared as such, so that a text column holds `true`.
    if (typeof value === 'boolean') return String(value);
    const type = declaredType(value)?.oid ?? typeOid;
    const serializer = this.#options.serializers[type];
    const isKnown = serializer !== undefined && type !== 0;
    // Inside an expression the server tells postgres.js the type, and only what it is told makes an array of it.
    if (Array.isArray(value) && type === 0) return this.#arrayLiteral(value);
    const text = serializer && isKnown ? serializer(value) : textOf(value);
    // postgres.js would throw inside its socket handler, which ends the process.
    if (typeof text !== 'string')
      throw new TypeError(`can't be sent to PostgreSQL as it is: got ${nameOf(value)}`);
    return text;
  }

  #arrayLiteral(values: readonly unknown[]): string {
    const isNested = values.some(Array.isArray);
    const texts = values.map((value) => (value === null ? null : this.serialize(value, 0)));
    return isNested ? `{${texts.map((text) => text ?? 'NULL').join(',')}}` : arrayLiteral(texts);
  }

  textWriter(typeOid: number): ((value: string | number) => string) | undefined {
    const serializer = this.#options.serializers[typeOid];
    if (!serializer || typeOid === 0) return undefined;
    return (value) => {
      const text = serializer(value);
      return typeof text === 'string' ? text : this.serialize(value, typeOid);
    };
  }

  parser(typeOid: number): ((text: string) => unknown) | undefined {
    const { transform, parsers } = this.#options;
    if (transform?.value?.from || transform?.row?.from) return undefined;
    const parser = parsers[typeOid];
    if (!parser) return (text) => text;
    return parser.array ? undefined : parser;
  }

  async run(statement: Statement): Promise<Answer> {
    const answer = await this.#untilSent(async () => runAlone(this.#client, statement, this.describes));
    // At its next start a connection gives an empty answer to a query that it forgot when it was lost.
    if (answer.command === null) throw lost();
    return answer;
  }

  begin(): Promise<Connection> {
    return this.#untilSent(() => this.#begin());
  }

  /**
   * The first query after a reconnect is rejected with the error that ended the session before it; it was never sent, so
   * it may be sent now. Each connection of the pool has one such error in it at most.
   */
  async #untilSent<T>(send: () => Promise<T>): Promise<T> {
    for (let left = this.#options.max; ; left--) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof NeverSent)) throw error;
        if (left === 0 || !isEndOfSession(error.cause)) throw error.cause;
      }
    }
  }

  #begin(): Promise<Connection> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      let held: HeldConnection | undefined;
      const onexecute = (connection: PoolConnection): boolean => {
        held = new HeldConnection(client, connection, this.describes);
        // A connection that was busy answers others first; plain drizzle's callback would not have started yet.
        if (begin.active) resolve(held);
        // False keeps the connection out of the pool's busy queue, where others' queries would join it.
        return false;
      };
      const begin = client.unsafe('begin', [], { onexecute } as object) as unknown as Query;
      outliveStart(begin);
      begin.execute().then(
        () => {
          if (!held) return reject(unsupported('BEGIN was answered, but `onexecute` was not called'));
          held.begin();
          resolve(held);
        },
        (error: Error) => {
          if (!held) return reject(new NeverSent(error));
          held.refuse(error);
          reject(error);
        },
      );
    });
  }
}

/**
 * Whether the server, or a pooler, ended a session so; a role or a database that it refuses it will refuse again. What a
 * pooler says in its own name has only the field that servers translate.
 */
function isEndOfSession(error: Error): boolean {
  const { severity, severity_local } = error as { severity?: unknown; severity_local?: unknown };
  return (severity ?? severity_local) === 'FATAL' && !/^(28|3D)/.test(codeOf(error) ?? '');
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return value.constructor?.name ?? 'an object';
}

function unsupported(fact: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'UNSUPPORTED_CLIENT',
    `this version of postgres.js is not supported: ${fact}`,
  );
}

function lost(): Error {
  const error = new Error('the connection was lost before it brought an answer');
  return Object.assign(error, { code: 'CONNECTION_CLOSED' });
}
