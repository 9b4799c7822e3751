import type { Entry } from '../take/entry.ts';

/**
 * What a statement may do: change what is known of tables, like raw SQL; change rows, and by triggers and functions what is
 * known ahead; or only read.
 */
export type StatementEffect = 'anything' | 'writes' | 'reads';

/** A caller's statement. */
export interface OwnStatement {
  readonly effect: StatementEffect;
  /** The entries that it refers to. */
  readonly named: ReadonlySet<Entry>;
  /** The insert that it is, if that was queued before. Inserts that were called later stay in the queue. */
  readonly claimed?: Entry | undefined;
}

/** The entries that a statement refers to, if it refers to none. */
export const nothingNamed: ReadonlySet<Entry> = new Set();
