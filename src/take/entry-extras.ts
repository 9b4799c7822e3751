/** What only few entries have, kept apart so that the many do not pay for it. */
export class EntryExtras<Reference> {
  /** Columns that a reference names, by index. */
  readonly referencedColumns = new Set<number>();
  /** Values that the server returned for columns the rows left out, by column index. */
  readonly values = new Map<number, unknown[]>();

  /** @param embedded references that stand inside an expression */
  constructor(public embedded: readonly Reference[] = []) {}
}
