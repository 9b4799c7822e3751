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

export class ClientLine {
  #last: Promise<void> = Promise.resolve();
  readonly #inside = new AsyncLocalStorage<{ isOver: boolean }>();

  /** Waits for the transactions that are open, unless it is called inside of one. */
  async enter(): Promise<Turn> {
    const outer = this.#inside.getStore();
    if (outer && !outer.isOver) return this.#turn(() => {});
    const before = this.#last;
    let end = (): void => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return this.#turn(end);
  }

  #turn(end: () => void): Turn {
    const state = { isOver: false };
    return {
      run: (work) => this.#inside.run(state, work),
      end: () => {
        state.isOver = true;
        end();
      },
    };
  }
}
