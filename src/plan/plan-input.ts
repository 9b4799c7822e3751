import type { PgTable } from 'drizzle-orm/pg-core';
import type { ValueEncoder } from '../driver/values.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import type { EncodedEntries } from './encode-rows.ts';

export interface Planning extends PlanInput {
  /** One row and nothing else. It is drizzle's own INSERT, and RETURNING provides its key. */
  readonly isLone: boolean;
  /** The position of an entry among those that are written now. */
  readonly placeOf: (entry: Entry) => number | undefined;
}

export interface PlanInput extends Pick<EncodedEntries, 'encoded'> {
  /** In call order. A reference leads to an earlier entry, or to one that is already written. */
  readonly entries: readonly Entry[];
  readonly facts: ReadonlyMap<PgTable, TableFacts | undefined>;
  readonly pointsAt: (table: PgTable) => Iterable<PgTable>;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly copyRows: number;
  /**
   * Whether the client's parser keeps values of the type distinct, so that they can be compared with the
   * values sent.
   */
  readonly canParse: (typeOid: number) => boolean;
  readonly values: ValueEncoder;
  /**
   * Whether a `ref()` may name the rows after the flush. Their keys are then taken even if no reference needs
   * them yet.
   */
  readonly mayBeNamed: (entry: Entry) => boolean;
}
