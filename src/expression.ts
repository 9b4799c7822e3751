import type { Rendered } from './drizzle/render.ts';

/** An `sql` value of a row, rendered when it was given. */
export class Expression {
  constructor(readonly rendered: Rendered) {}
}
