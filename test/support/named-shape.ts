import type { TableShape } from '../../src/drizzle/table.ts';

/** A table of which nothing is known but its quoted name, as the facts query takes it. */
export function tableShapeNamed(name: string): TableShape {
  return { name, schema: undefined } as unknown as TableShape;
}
