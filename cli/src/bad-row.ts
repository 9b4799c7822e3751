const shownLength = 80;

/** A record that can't become a row, and the reason. */
export class BadRow extends Error {
  constructor(
    readonly reason: string,
    readonly column?: string,
    readonly value?: string,
  ) {
    super(reason);
  }
}

/** A bad row and its place in the source. */
export interface BadLine {
  readonly file: string;
  /**
   * The line as an editor counts it, from 1, including newlines in quotes. `undefined` if the server did not
   * name the row.
   */
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

/** The value, shortened, and the reason why it is bad. */
export function describeReason({ value, reason }: Pick<BadLine, 'value' | 'reason'>): string {
  if (value === undefined) return reason;
  const shown = value.length > shownLength ? `${value.slice(0, shownLength)}…` : value;
  return `${JSON.stringify(shown)} ${reason}`;
}
