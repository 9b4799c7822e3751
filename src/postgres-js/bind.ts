/** Statements of drizzle's that leave without being described first. */
import type { SentStatement } from '../driver/driver.ts';
import { RecentTexts } from '../driver/recent-texts.ts';
import { tooManyParams } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { codeOf } from '../errors.ts';
import { bind } from './bound-query.ts';
import { declaredType } from './declared-type.ts';
import type { ClientOptions, Query } from './internals.ts';
import type { LoneConnection } from './lone-query.ts';
import { isUnchanging } from './own-serializers.ts';

/** Types of PostgreSQL's own, whose names in a schema mean no other type. Those of users may be domains. */
const builtIn =
  /^(text|uuid|(var|bp)?char|character|name|(small|big)?(int|serial)|integer|int[248]|numeric|decimal|real|double precision|float|date|time|timestamp|interval|jsonb?|inet|cidr|macaddr8?|bit|varbit|point|line|boolean|bool)\b(?!.*\])/;

/**
 * postgres.js describes a statement with parameters, waits for their types, serialises the values by them, and then sends
 * Bind. It is bound at once where the bytes are known beforehand:
 *
 * | value | bytes depend on | without the server's types |
 * | --- | --- | --- |
 * | null | nothing | bound |
 * | boolean, bigint, bytes, Date | the type that postgres.js declares | bound, if its serialiser gives a text |
 * | string, number, another object with a text | the column, if the schema names its type | bound, but not a string for boolean or bytea, nor a number for json, dates and arrays |
 * | the same, a client with serialisers of its own | the server's type | described |
 * | the same in `sql`, an array, an object without a text | the server's type | described |
 * | `undefined`, and what no serialiser takes | – | described: postgres.js refuses it as ever |
 *
 * What the server tells about a text is remembered, and then decides for every value.
 */
export class Binder {
  /** The types that the server has told of a text's parameters. */
  readonly known = new RecentTexts<readonly number[]>();
  readonly #options: ClientOptions;
  readonly #values: ValueEncoder;
  #lastOfNoType: unknown;
  #isPassing = true;

  constructor(options: ClientOptions, values: ValueEncoder) {
    this.#options = options;
    this.#values = values;
  }

  /**
   * Prepares a statement that has not executed yet.
   *
   * @param lone the connection that it has to itself
   */
  adopt(query: Query, statement: SentStatement, lone?: LoneConnection): void {
    const { args } = query;
    if (args.length === 0 || args.length >= tooManyParams || !this.#passesTexts) return;
    const declared = declaredTypes(args);
    const text = query.strings[0] as string;
    const key = declared === nothingDeclared ? text : `${declared.join()}\0${text}`;
    const bindIfKnown = (): boolean => this.#bindIfKnown(query, key, declared, statement);
    if (!bindIfKnown()) query.bindIfKnown = bindIfKnown;
    this.#learnFrom(query, key, lone);
  }

  #bindIfKnown(query: Query, key: string, declared: readonly number[], statement: SentStatement): boolean {
    const values = this.#bytesOf(query.args, declared, this.known.get(key), statement);
    if (values) bind(query, values);
    return values !== undefined;
  }

  /** Bind serialises a text whose type is not declared by the serialiser of the type 0. */
  get #passesTexts(): boolean {
    const serializer = this.#options.serializers[0];
    if (serializer !== this.#lastOfNoType) {
      this.#lastOfNoType = serializer;
      this.#isPassing = serializer === undefined || isUnchanging(serializer);
    }
    return this.#isPassing;
  }

  #learnFrom(query: Query, key: string, lone: LoneConnection | undefined): void {
    const { resolve, reject, args } = query;
    const resolveTold: Query['resolve'] = (answer) => {
      lone?.release();
      const told = query.statement?.types;
      // postgres.js fills in only what the server has told.
      if (told && told.length === args.length && !told.includes(0)) this.#know(key, told);
      resolve(answer);
    };
    const rejectTold: Query['reject'] = (error) => {
      lone?.release();
      if (/^(22|42)/.test(codeOf(error) ?? '')) this.known.forget(key);
      // postgres.js serialises the values once the server has parsed the statement, and until then shows them as they were.
      // In a failed transaction the server would have parsed nothing.
      const isParsed = query.isRepeat ? codeOf(error) !== '25P02' : query.parsing === false;
      if (query.isBound && !isParsed && !query.prepared && !query.retried)
        query.parameters?.splice(0, args.length, ...args);
      reject(error);
    };
    query.resolve = resolveTold;
    query.reject = rejectTold;
  }

  #know(key: string, told: readonly number[]): void {
    const known = this.known.get(key);
    if (!known?.every((type, index) => type === told[index])) this.known.set(key, told);
  }

  /** @returns what postgres.js's Bind turns into the right bytes; `undefined` if they are not known */
  #bytesOf(
    args: readonly unknown[],
    declared: readonly number[],
    known: readonly number[] | undefined,
    statement: SentStatement,
  ): unknown[] | undefined {
    const types = known ? [] : statement.types;
    const values: unknown[] = [];
    for (let index = 0; index < args.length; index++) {
      const value = args[index];
      const oid = declared[index] || known?.[index];
      const text =
        value === null ? null : oid ? this.#textFor(value, oid) : this.#textOf(value, types[index]);
      if (text === undefined) return undefined;
      // Bind serialises by the declared type, and passes texts without one on.
      values.push(declared[index] ? value : text);
    }
    return values;
  }

  /** As Bind would, once the server has told the type. */
  #textFor(value: unknown, oid: number): string | undefined {
    if (value === undefined || isOfDriver(value)) return undefined;
    const { serializers } = this.#options;
    try {
      const text = oid in serializers ? serializers[oid]?.(value) : `${value}`;
      return typeof text === 'string' ? text : undefined;
    } catch {
      // Described, it is refused as in plain drizzle.
      return undefined;
    }
  }

  #textOf(value: unknown, type: string | undefined): string | undefined {
    if (type === undefined || !builtIn.test(type) || isOfDriver(value)) return undefined;
    try {
      return this.#values.untyped(value, type);
    } catch {
      return undefined;
    }
  }
}

/** Parameters, fragments and identifiers of postgres.js's own, which it reads in a way of its own. */
function isOfDriver(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

const nothingDeclared: readonly number[] = [];

/** The types that postgres.js declares for values, or 0; `nothingDeclared` itself if it declares none. */
function declaredTypes(args: readonly unknown[]): readonly number[] {
  let declared: number[] | undefined;
  for (let index = 0; index < args.length; index++) {
    const type = declaredType(args[index]);
    if (!type) continue;
    declared ??= args.map(() => 0);
    declared[index] = type.oid;
  }
  return declared ?? nothingDeclared;
}
