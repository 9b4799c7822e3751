/** The types of a statement's parameters, as far as drizzle's schema tells them. */
import type { Query, SQL } from 'drizzle-orm';
import type { PgColumn, PgDialect } from 'drizzle-orm/pg-core';
import { rowCounts } from '../../drizzle/row-count.ts';

/** The type of each parameter as the schema names it; `undefined` where only the server knows it. */
export type ParamTypes = readonly (string | undefined)[];

/** Not enumerable on the queries that it is noted on: spreads and comparisons do not see it. */
const typesKey = Symbol('types');

interface Codec {
  readonly castParam?: (placeholder: string, column: PgColumn, dimensions: number | undefined) => string;
}

/** The codecs as they were given, by those that note types. */
const givenCodecs = new WeakMap<object, Codec>();

/** What the column's codec makes of a placeholder, `$1::inet`; `undefined` if it leaves it as it is. */
export function paramCast(
  dialect: PgDialect,
  column: PgColumn,
): ((placeholder: string) => string) | undefined {
  const codec: Codec = (dialect as any).codecs.codecsOf(column);
  const { castParam } = givenCodecs.get(codec) ?? codec;
  return castParam && ((placeholder) => castParam(placeholder, column, (column as any).dimensions));
}

/**
 * While a statement is rendered, drizzle asks the codecs of each parameter's column for a cast around its placeholder. So the
 * column of each parameter is known.
 */
export function hintTypes(dialect: PgDialect): void {
  const given = dialect as any;
  const { codecs, sqlToQuery } = given;
  const noting = new WeakMap<object, Codec>();
  let types: (string | undefined)[] | undefined;
  const noted = (codec: Codec): Codec => ({
    ...codec,
    castParam: (placeholder, column, dimensions) => {
      if (types) types[Number(placeholder.slice(1)) - 1] = column.getSQLType();
      return codec.castParam?.(placeholder, column, dimensions) ?? placeholder;
    },
  });
  const codecsOf = codecs.codecsOf.bind(codecs);
  codecs.codecsOf = (column: object, override?: string) => {
    const codec = codecsOf(column, override);
    const known = noting.get(codec) ?? noted(codec);
    noting.set(codec, known);
    givenCodecs.set(known, codec);
    return known;
  };
  given.sqlToQuery = (statement: SQL, ...rest: unknown[]): Query => {
    const outer = types;
    types = [];
    try {
      const query: Query = sqlToQuery.call(given, statement, ...rest);
      return Object.defineProperty(query, typesKey, { value: types });
    } finally {
      types = outer;
    }
  };
}

/** @param query that of the prepared statement */
export function paramTypes(query: Query): ParamTypes {
  const { sql, params, [typesKey]: types = [] } = query as Query & { [typesKey]?: ParamTypes };
  let counts: ReadonlySet<number> | undefined;
  return params.map((_, index) => {
    const type = types[index];
    if (type !== undefined) return type;
    counts ??= rowCounts(sql);
    return counts.has(index + 1) ? 'bigint' : undefined;
  });
}
