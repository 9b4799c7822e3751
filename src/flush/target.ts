import type { Connection } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import type { FactsCache } from '../facts/table-facts.ts';

/** Where a batch is written. */
export interface FlushTarget {
  /** The connection of the transaction, where one is open. */
  readonly connection: Connection | undefined;
  /** Opens the transaction where none is. */
  connect(): Promise<Connection>;
  /** Sends one statement that needs no transaction of its own. */
  run(statement: Statement): Promise<Answer>;
  /** Begins the transaction anew after its first flight was refused; absent where it has done more than that. */
  restart: (() => Promise<void>) | undefined;
  /** The transaction ends with the flush: COMMIT travels with its last flight. */
  readonly commits: boolean;
  /** A later insert of the same transaction may name the rows by `ref()`, so that their keys must be known. */
  readonly mayBeNamed: boolean;
  /** The library opened the transaction, so that nobody hears of success before COMMIT is answered. */
  readonly owned: boolean;
  /** A lock is waited for no longer than a batch of several callers may. */
  readonly isBounded: boolean;
  /** Raw SQL may have changed what the facts rest on. */
  readonly confirm: boolean;
  /** Facts that hold in this transaction, whose role and `search_path` are its own. */
  readonly facts: FactsCache;
}
