import type { TableShape } from '../drizzle/table.ts';
import type { FactsCache } from './table-facts.ts';

/**
 * - `every`: no policy holds for the role, and it may select all columns.
 * - `some`: the server has returned rows of the table. Policies may let one row pass and refuse the next.
 * - `notEvery`: the table has such policies, or the role may not select all of its columns.
 */
export type Selectable = 'every' | 'some' | 'notEvery';

/**
 * The knowledge that holds in one transaction, whose role and `search_path` are its own. Each part is made on
 * demand, since most transactions share nothing and need none.
 */
export class FactsScope {
  #cache: FactsCache | undefined;
  #selectable: Map<TableShape, Selectable> | undefined;
  #held: Set<TableShape> | undefined;
  /** How many settings keep values of this transaction. No name is used twice, since the names stay in the session. */
  settings = 0;
  /** How many savepoints of the library's the transaction has begun. */
  savepoints = 0;
  /** Raw SQL may have changed `search_path`, the role or a table since the facts were last seen to hold. */
  mustAskAgain = false;

  /** Raw SQL may have changed the role: what other transactions have learned of privileges does not hold. */
  isDoubted = false;

  get cache(): FactsCache {
    this.#cache ??= new Map();
    return this.#cache;
  }

  /** What is known of the rows that the transaction's role may select. */
  get selectable(): Map<TableShape, Selectable> {
    this.#selectable ??= new Map();
    return this.#selectable;
  }

  /** Tables whose facts a flight of the transaction has compared, and whose locks it holds since. */
  get held(): Set<TableShape> {
    this.#held ??= new Set();
    return this.#held;
  }

  /** A savepoint is rolled back, and with it locks and a role that were taken behind it. */
  rolledBack(): void {
    this.#held = undefined;
    this.#selectable = undefined;
  }

  doubt(): void {
    this.isDoubted = true;
    this.mustAskAgain = true;
    this.rolledBack();
  }
}
