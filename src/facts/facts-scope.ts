import type { TableShape } from '../drizzle/table.ts';
import type { FactsCache } from './table-facts.ts';

/** The knowledge that holds in one transaction, whose role and `search_path` are its own. */
export class FactsScope {
  readonly cache: FactsCache = new Map();
  /** Tables of which RETURNING has given columns that no caller asked for: the role may SELECT them. */
  readonly selectable = new Set<TableShape>();
  /** Tables whose facts a flight of the transaction has compared, and whose locks it holds since. */
  readonly held = new Set<TableShape>();
  /** How many settings keep values of this transaction. No name is used twice, since the names stay in the session. */
  settings = 0;
  /** Raw SQL may have changed `search_path`, the role or a table since the facts were last seen to hold. */
  mustAskAgain = false;

  /** Raw SQL may have changed the role: what other transactions have learned of privileges does not hold. */
  isDoubted = false;

  doubt(): void {
    this.isDoubted = true;
    this.mustAskAgain = true;
    this.selectable.clear();
    this.held.clear();
  }
}
