/** A query of postgres.js that leaves without being described. */
import { getOrInsert } from '../get-or-insert.ts';
import type { Query } from './internals.ts';

const boundQueries = new WeakMap<object, object>();

/**
 * postgres.js sets `describeFirst` when it builds a query that has arguments. If it stays unset, the query leaves as Parse,
 * Bind and Execute.
 *
 * A statement that the connection knows by a name comes with the types that the server has told. Bind serialises by them, and
 * must be given the values themselves.
 */
export function bind(query: Query, values: unknown[]): void {
  const queries: object = Object.getPrototypeOf(query);
  Object.setPrototypeOf(
    query,
    getOrInsert(boundQueries, queries, () => makeBound(queries)),
  );
  query.parameters = values;
}

function makeBound(queries: object): object {
  /** Statements that the connection knows by a name, with their values as texts. */
  const texts = new WeakMap<object, unknown[] | undefined>();
  return Object.create(queries, {
    isBound: { value: true },
    describeFirst: { get: () => false, set: () => {} },
    prepared: {
      get(this: Query) {
        return texts.has(this);
      },
      set(this: Query, isPrepared: unknown) {
        if (Boolean(isPrepared) === texts.has(this)) return;
        if (isPrepared) {
          texts.set(this, this.parameters);
          this.parameters = [...this.args];
        } else {
          // The server has forgotten it, or its result has other types now: postgres.js sends it once more, to be parsed.
          this.parameters = texts.get(this);
          texts.delete(this);
        }
      },
    },
  });
}
