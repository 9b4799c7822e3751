import type { PgTable } from 'drizzle-orm/pg-core';
import type { TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import type { EncodedEntries } from './encode-rows.ts';

export interface Planning extends PlanInput {
  /** One row and nothing else: drizzle's own INSERT, whose RETURNING tells the key. */
  readonly isLone: boolean;
  /** The place of an entry among those that are written now. */
  readonly placeOf: (entry: Entry) => number | undefined;
}

export interface PlanInput extends Pick<EncodedEntries, 'encoded'> {
  /** In call order; a reference names an earlier entry, or one that is written. */
  readonly entries: readonly Entry[];
  readonly facts: ReadonlyMap<PgTable, TableFacts | undefined>;
  readonly pointsAt: (table: PgTable) => Iterable<PgTable>;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly copyRows: number;
  /** The client reads values of the type as they are, so that what it reads can be compared with what was sent. */
  readonly canParse: (typeOid: number) => boolean;
  /** The rows may still be named by a `ref()` after the flush: keys are taken where nobody has asked yet. */
  readonly mayBeNamed: (entry: Entry) => boolean;
}
