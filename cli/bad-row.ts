const shownLength = 80;

/** A record that can't become a row, and why. */
export class BadRow extends Error {
  constructor(
    readonly reason: string,
    readonly column?: string,
    readonly value?: string,
  ) {
    super(reason);
  }
}

/** A bad row where it stands in its source. */
export interface BadLine {
  readonly file: string;
  /** Counted as an editor counts, from 1, newlines in quotes too; unknown where the server did not name the row. */
  readonly line: number | undefined;
  readonly column: string | undefined;
  readonly value: string | undefined;
  readonly reason: string;
}

export function describeBadLine({ file, line, column, value, reason }: BadLine): string {
  const where = [
    file,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(column === undefined ? [] : [`column "${column}"`]),
  ].join(', ');
  return `${where}: ${describeReason({ value, reason })}`;
}

/** The value, shortened, and what is wrong with it. */
export function describeReason({ value, reason }: Pick<BadLine, 'value' | 'reason'>): string {
  if (value === undefined) return reason;
  const shown = value.length > shownLength ? `${value.slice(0, shownLength)}…` : value;
  return `${JSON.stringify(shown)} ${reason}`;
}
