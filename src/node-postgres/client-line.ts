/** The transactions of a client that is one connection, one after the other. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { getOrInsert } from '../get-or-insert.ts';
import type { Client } from './internals.ts';

const lines = new WeakMap<Client, ClientLine>();

export function lineOf(client: Client): ClientLine {
  return getOrInsert(lines, client, () => new ClientLine());
}

/** The place of a transaction in the line. */
export interface Turn {
  /** Runs its callback. What begins inside does not wait for it: it would wait for ever. */
  run<T>(work: () => T): T;
  end(): void;
}

/** A transaction that runs, and those that have begun inside of it: they take turns, too. */
interface Running {
  isOver: boolean;
  last: Promise<void>;
}

export class ClientLine {
  readonly #outermost: Running = { isOver: false, last: Promise.resolve() };
  readonly #inside = new AsyncLocalStorage<Running>();

  /** Waits for the transactions that are open, but not for one inside of which it is called. */
  async enter(): Promise<Turn> {
    const inside = this.#inside.getStore();
    const outer = inside && !inside.isOver ? inside : this.#outermost;
    const before = outer.last;
    const running: Running = { isOver: false, last: Promise.resolve() };
    let end = (): void => {};
    outer.last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return {
      run: (work) => this.#inside.run(running, work),
      end: () => {
        running.isOver = true;
        end();
      },
    };
  }
}
