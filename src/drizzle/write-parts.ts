/** The parts of drizzle's UPDATE and DELETE, so that a condition can be added to them. */
import { type Query, SQL, StringChunk } from 'drizzle-orm';
import type { PgDialect } from 'drizzle-orm/pg-core';

/** A statement is `${head}${where}${tail}`; its head ends with ` where `. */
export interface WriteParts {
  readonly head: string;
  readonly where: string;
  readonly tail: string;
}

/** Can't occur in SQL, which has no NUL. */
const mark = '\0where\0';

const border = new StringChunk(mark);

/*
 * What is noted stands on drizzle's objects, not enumerable: spreads and comparisons do not see it. A WeakMap with an entry for
 * each statement of a program costs the garbage collector more than the statement.
 */

/** Where the condition of a statement stands among its chunks. */
const placeKey = Symbol('place');

const partsKey = Symbol('parts');

function note(target: object, key: symbol, value: unknown): void {
  Object.defineProperty(target, key, { value });
}

/** The parts of a statement; `undefined` if it is none of an UPDATE or DELETE with a condition, or was made by another dialect. */
export function writeParts(query: Query): WriteParts | undefined {
  return (query as { [partsKey]?: WriteParts })[partsKey];
}

/**
 * Notes the parts of each UPDATE and DELETE that the dialect renders. It is rendered once, as ever, since that runs functions
 * of the user's; the rendered text is the same.
 */
export function noteWriteParts(dialect: PgDialect): void {
  const given = dialect as any;
  const { sqlToQuery } = given;
  for (const method of ['buildUpdateQuery', 'buildDeleteQuery']) {
    const build = given[method];
    given[method] = (config: { where?: SQL }) => {
      const statement: SQL = build.call(given, config);
      const { where } = config;
      const place = where ? statement.queryChunks.findIndex((chunk) => isWhere(chunk, where)) : -1;
      if (place !== -1) note(statement, placeKey, place);
      return statement;
    };
  }
  given.sqlToQuery = (statement: SQL, ...rest: unknown[]): Query => {
    const place = (statement as { [placeKey]?: number })[placeKey];
    if (place === undefined) return sqlToQuery.call(given, statement, ...rest);
    const { queryChunks } = statement;
    const unmarked = queryChunks[place] as SQL;
    queryChunks[place] = marked(unmarked);
    try {
      return split(sqlToQuery.call(given, statement, ...rest));
    } finally {
      queryChunks[place] = unmarked;
    }
  };
}

/** ` where ${where}` */
function isWhere(chunk: unknown, where: SQL): boolean {
  return chunk instanceof SQL && chunk.queryChunks[1] === where;
}

function marked({ queryChunks: [keyword, where] }: SQL): SQL {
  return new SQL([keyword, border, where, border] as SQL['queryChunks']);
}

function split(query: Query): Query {
  const [head, where, tail, more] = query.sql.split(mark);
  query.sql = query.sql.replaceAll(mark, '');
  if (head !== undefined && where !== undefined && tail !== undefined && more === undefined)
    note(query, partsKey, { head, where, tail });
  return query;
}
