/** How a flight is undone that is to be sent again otherwise, so that the transaction goes on as if it had not been sent. */
import { command, type Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { Entry } from '../take/entry.ts';
import type { FlushTarget } from './target.ts';

const savepoint = command('savepoint batched_drizzle');

/** In a subtransaction the program can't export a snapshot, nor use COPY FREEZE. */
const release = command('release savepoint batched_drizzle');

/** PostgreSQL keeps 64 subtransactions at hand. A session that has more slows down all others (`subtrans.c`). */
const mostSavepoints = 32;

/** What stands around the statements of a flight, so that it can be undone alone. */
export interface Mark {
  readonly ahead: readonly Statement[];
  readonly behind: readonly Statement[];
}

export const noMark: Mark = { ahead: [], behind: [] };

export class WayBack {
  readonly #target: FlushTarget;
  #restart: FlushTarget['restart'];
  #isMarked = false;

  constructor(target: FlushTarget) {
    this.#target = target;
    this.#restart = target.restart;
  }

  /** The transaction has done nothing yet, so that it can be begun anew. */
  get canRestart(): boolean {
    return this.#restart !== undefined;
  }

  /**
   * Whether the facts of a flight may be outdated when it arrives. They can't be if an earlier flight of the transaction
   * has compared them: it holds the tables' locks, and nobody else changes a table that is locked.
   */
  mayBeOutdated(entries: readonly Entry[]): boolean {
    const { facts } = this.#target;
    return facts.mustAskAgain || entries.some(({ shape }) => !facts.held.has(shape));
  }

  /**
   * A savepoint that travels ahead of a flight of shared statements, if the transaction can't be begun anew. Outdated facts need
   * it, and callers that have been answered do. Otherwise it is left out of later flights: if the server refuses an entry, it can't
   * be sought then, and the others of its flight share its error. A savepoint that is there for nothing else is released behind it.
   */
  mark(entries: readonly Entry[]): Mark {
    const { facts, failLate } = this.#target;
    const mustMark = failLate !== undefined || this.mayBeOutdated(entries);
    this.#isMarked = this.#needsMark && (mustMark || facts.savepoints < mostSavepoints);
    if (!this.#isMarked) return noMark;
    facts.savepoints += 1;
    return { ahead: [savepoint], behind: mustMark ? [] : [release] };
  }

  /** A savepoint that travels ahead of a question to the catalog, which an engine may refuse. */
  markQuestion(): Statement[] {
    this.#isMarked = this.#needsMark;
    return this.#isMarked ? [savepoint] : [];
  }

  get #needsMark(): boolean {
    const { connection, scope } = this.#target;
    return connection !== undefined && scope !== 'own' && !this.canRestart;
  }

  /** @returns whether the flight is undone */
  async go(): Promise<boolean> {
    if (this.#restart) {
      const restart = this.#restart;
      this.#restart = undefined;
      await restart();
      return true;
    }
    // A COMMIT that travelled along has rolled everything back, the savepoint too.
    if (!this.#isMarked || this.#target.connection?.hasFinished) return false;
    this.#isMarked = false;
    await this.#target.run(command('rollback to savepoint batched_drizzle'));
    return true;
  }

  /** Own statements have been written, so that the transaction can't be begun anew any more. */
  worked(): void {
    this.#restart = undefined;
    this.#isMarked = false;
  }

  /**
   * A flight of shared statements has been written, so that the transaction can't be begun anew any more.
   *
   * @param compared the tables whose facts the server has compared in it
   */
  passed(compared: readonly TableShape[]): void {
    const { facts } = this.#target;
    this.worked();
    facts.mustAskAgain = false;
    for (const shape of compared) facts.held.add(shape);
  }
}
