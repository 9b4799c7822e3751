import type { Sql } from 'postgres';

type Method = (...args: unknown[]) => unknown;

/**
 * A client whose statements leave in the order of the calls.
 *
 * Plain drizzle 1.0 sends an insert without `returning()` one job later than a statement with rows: in one `Promise.all` it is
 * overtaken by what is called behind it. That is the one thing in which the library is not like plain drizzle: it keeps the
 * order of the calls. So tests compare it with a plain drizzle that keeps it, too.
 */
export function inOrder(client: Sql): Sql {
  return new Proxy(client, {
    get(target, name) {
      const member = Reflect.get(target, name) as Method | undefined;
      // postgres.js begins a query at the first `then()`, or by this.
      if (name === 'unsafe') return (...args: unknown[]) => begun(member?.apply(target, args));
      if (name !== 'begin' && name !== 'savepoint') return member;
      return (...args: unknown[]) => {
        const work = args.pop() as (sql: Sql) => unknown;
        return member?.apply(target, [...args, (sql: Sql) => work(inOrder(sql))]);
      };
    },
  });
}

function begun(query: unknown): unknown {
  (query as { execute(): unknown }).execute();
  return query;
}
