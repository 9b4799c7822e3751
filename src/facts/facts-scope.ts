import type { FactsCache } from './table-facts.ts';

/** The facts that hold in one transaction, whose role and `search_path` are its own. */
export class FactsScope {
  readonly cache: FactsCache = new WeakMap();
  /** Raw SQL may have changed `search_path`, the role or a table since the facts were last seen to hold. */
  mustAskAgain = false;
}
