/** The messages of a query, before anything of them is written. */
import type { BindMessage, ParseMessage, Query, Wire } from './internals.ts';

export interface Messages {
  readonly parse: ParseMessage;
  readonly bind: BindMessage;
}

/**
 * pg's own query prepares itself on a connection that only listens: its values are written as pg writes them, and one that
 * can't be written harms no other statement.
 *
 * @returns `undefined` if a value can't be written; the query has failed with the reason then
 */
export function messagesOf(query: Query): Messages | undefined {
  let parse: ParseMessage | undefined;
  let bind: BindMessage | undefined;
  const listener: Wire & { submittedNamedStatements: object; close(): void } = {
    parsedStatements: {},
    submittedNamedStatements: {},
    parse: (message) => {
      parse = message;
    },
    bind: ({ valueMapper, values = [], ...message }) => {
      // pg calls it so when it writes the message.
      const written = valueMapper ? values.map((value, index) => valueMapper(value, index)) : values;
      bind = { ...message, values: written };
    },
    describe: ignore,
    execute: ignore,
    sync: ignore,
    flush: ignore,
    close: ignore,
  };
  query.prepare(listener);
  return parse && bind && { parse, bind };
}

/** A connection on which a query may sync as it likes: the flight does that. */
export const silent: Wire = {
  parsedStatements: {},
  parse: ignore,
  bind: ignore,
  describe: ignore,
  execute: ignore,
  sync: ignore,
  flush: ignore,
};

function ignore(): void {}
