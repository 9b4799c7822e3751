import type { FactsCache } from './table-facts.ts';

/** The facts of one transaction, whose role and `search_path` are its own. */
export class FactsScope {
  readonly cache: FactsCache = new WeakMap();
  /** Raw SQL may have changed `search_path`, the role or a table since the facts were last checked. */
  mustAskAgain = false;
}
