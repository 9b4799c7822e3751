/** postgres.js: where each of its queries is constructed, and which connection takes it. */
import { now } from './clock.ts';
import { answeredInThisTurn } from './turn.ts';
import type { Watch } from './watch.ts';
import { connectionOfPid } from './watch-sockets.ts';

const place = Symbol('place');
const issued = Symbol('issued');
const after = Symbol('after');
const state = Symbol('state');

interface Query {
  readonly string?: string;
  handle(): unknown;
  [place]?: number | undefined;
  [issued]?: number;
  [after]?: number | undefined;
  [state]?: { readonly pid?: number } | null;
}

type QueryClass = (new (...args: never[]) => Query) & { readonly prototype: Query };

export function watchPostgresQuery(Query: QueryClass, watch: Watch): void {
  // `super()` looks for its parent when it is called, so one in between sees each construction.
  class Watched extends Promise<unknown> {
    [place]: number | undefined;
    constructor(executor: ConstructorParameters<typeof Promise<unknown>>[0]) {
      super(executor);
      this[place] = watch.place(Watched as never);
    }
  }
  Object.setPrototypeOf(Query, Watched);

  const { handle } = Query.prototype;
  Query.prototype.handle = function () {
    if (this[issued] === undefined) {
      this[issued] = now();
      this[after] = answeredInThisTurn();
    }
    return handle.call(this);
  };

  // A connection sets it right before it writes the query.
  Object.defineProperty(Query.prototype, 'state', {
    configurable: true,
    get(this: Query) {
      return this[state];
    },
    set(this: Query, given: Query[typeof state]) {
      this[state] = given;
      connectionOfPid(given?.pid)?.origins.add({
        driver: 'postgres',
        place: this[place],
        issued: this[issued] ?? now(),
        after: this[after],
        text: () => this.string,
      });
    },
  });
}
