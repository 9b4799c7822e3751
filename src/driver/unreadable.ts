/** A cell of an answer that the client's parser has refused. It belongs to one caller; the others must get their rows. */
export class Unreadable {
  constructor(readonly error: unknown) {}
}

/** The first unreadable cell, if there is one. */
export function findUnreadable(cells: readonly unknown[]): Unreadable | undefined {
  return cells.find((cell) => cell instanceof Unreadable) as Unreadable | undefined;
}
