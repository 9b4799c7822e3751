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
  const recorder = new Recorder();
  query.prepare(recorder);
  const { parsed, bound } = recorder;
  return parsed && bound && { parse: parsed, bind: bound };
}

/** It keeps what is to be written. */
class Recorder implements Wire {
  parsed: ParseMessage | undefined;
  bound: BindMessage | undefined;
  // No statement here has a name, and pg keeps nothing of those without one.
  readonly parsedStatements = silent.parsedStatements;
  readonly submittedNamedStatements = silent.parsedStatements;

  parse(message: ParseMessage): void {
    this.parsed = message;
  }

  bind({ valueMapper, values = [], ...message }: BindMessage): void {
    // pg calls it so when it writes the message.
    const written = valueMapper ? values.map((value, index) => valueMapper(value, index)) : values;
    this.bound = { ...message, values: written };
  }

  describe(): void {}
  execute(): void {}
  sync(): void {}
  flush(): void {}
  close(): void {}
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
