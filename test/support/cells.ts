/** Splits a flat list of cells into rows. */
export function inRows<Cell>(cells: readonly Cell[], columns: readonly unknown[]): Cell[][] {
  const { length } = columns;
  return Array.from({ length: cells.length / length }, (_, row) =>
    cells.slice(row * length, (row + 1) * length),
  );
}
