/** A reference as a parameter of a statement that was built before its insert was written. */
import { columnAt, type TableShape } from '../drizzle/table.ts';

interface Pointing {
  readonly entry: { readonly shape: TableShape };
  readonly column: number;
}

export class DeferredValue<TReference extends Pointing> {
  readonly #reference: TReference;

  constructor(reference: TReference) {
    this.#reference = reference;
  }

  get reference(): TReference {
    return this.#reference;
  }

  /** Errors have it among their parameters if the value never came, and programs log them. */
  toJSON(): string {
    return `ref to ${nameOf(this.#reference)}`;
  }
}

/** `users.id` */
export function nameOf({ entry: { shape }, column }: Pointing): string {
  return `${shape.name}.${columnAt(shape, column).name}`;
}
