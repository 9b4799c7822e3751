/** The words in which the server names a row that it refuses. The library and the command each have this file. */

/** Where a COPY failed. */
export interface CopyPlace {
  /** The line of its data, from 1. */
  readonly line: number;
  /** The column's name in the database, if the server names one. */
  readonly column: string | undefined;
}

/** Reads the place from an error's context, whose words depend on the server's language. */
export function placeIn(where: unknown, relation: string): CopyPlace | undefined {
  if (typeof where !== 'string') return undefined;
  const start = `COPY ${relation}, `;
  const context = where.split('\n').find((line) => line.startsWith(start));
  const found = context === undefined ? null : place.exec(context.slice(start.length));
  return found ? { line: Number(found.groups?.number), column: found.groups?.column } : undefined;
}

/** `line 3, column age: "x"`; without the value `line 3` or `line 3: "…"`. */
const place = /^[^\d:]*(?<number>\d+)(?:, [^\s:]+ (?<column>.+?): )?/s;

/** SQLSTATE classes of errors that no row's values cause. */
export const classesOfNoRow = /^(08|0A|25|26|28|3D|3F|40|42|53|55|57|58|72|F0|XX)/;

/** The column of a detail of a constraint of one column: `Key (email)=(ada@example.com) already exists.` */
export function columnOfKey(detail = ''): string | undefined {
  return /^Key \("?(?<column>[^,]+?)"?\)=/.exec(detail)?.groups?.column;
}
