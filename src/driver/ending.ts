/**
 * A client that is ended waits for the inserts that are awaited and not settled.
 *
 * In drizzle an insert has been sent when it is awaited, and the client waits for it by itself. Here it leaves at the end of
 * the turn, perhaps behind a question to the catalog, and perhaps once more. A client that has ended would refuse it then.
 */
import { ofProcess } from '../process-state.ts';

type End = (...args: unknown[]) => unknown;

/** Makes an `end()` that waits for the work, and then calls the client's own. */
export type MakeEnd = (end: End, work: Promise<unknown>) => End;

export class Ending {
  readonly #underWay = new Set<Promise<void>>();

  /** @returns a function to call when the work has settled */
  begin(): () => void {
    let leave!: () => void;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#underWay.add(left);
    return () => {
      this.#underWay.delete(left);
      leave();
    };
  }

  /** Settles when what has begun until now has settled; `undefined` if there is none. What begins later might never end. */
  allLeft(): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : Promise.all(this.#underWay);
  }
}

/** One for each client: its method is replaced once, however many databases are made of it. */
const endings = ofProcess('endings', () => new WeakMap<object, Ending>());

/**
 * Makes the method that ends a client wait. That of a frozen client stays as it is.
 *
 * @param makeEnd for a method whose arguments say how long it may wait
 */
export function endingOf(client: object, name: 'end' | 'close', makeEnd: MakeEnd = behind): Ending {
  const known = endings.get(client);
  if (known) return known;
  const ending = new Ending();
  endings.set(client, ending);
  const own = (client as { readonly [name]?: End })[name];
  if (typeof own !== 'function') return ending;
  const end = function (this: unknown, ...args: unknown[]): unknown {
    const work = ending.allLeft();
    const bound = own.bind(this);
    return (work ? makeEnd(bound, work) : bound)(...args);
  };
  const enumerable = Object.hasOwn(client, name);
  Reflect.defineProperty(client, name, { value: end, writable: true, configurable: true, enumerable });
  return ending;
}

const behind: MakeEnd =
  (end, work) =>
  (...args) =>
    work.then(() => end(...args));
