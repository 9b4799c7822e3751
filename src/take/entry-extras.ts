/** Properties that few entries have. They are kept apart, so that the other entries stay small. */
export class EntryExtras<Reference> {
  /** Columns that references point at, by index. */
  readonly referencedColumns = new Set<number>();
  /** Values that the server returned, by column index. */
  readonly values = new Map<number, unknown[]>();
  /** What stands behind the statement. */
  comment = '';

  /** @param embedded references inside an expression */
  constructor(public embedded: readonly Reference[] = []) {}
}
