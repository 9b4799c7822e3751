/**
 * The layout of a row: which columns it gives, and whether as a value, an expression or a reference.
 *
 * The idea is that of V8's hidden classes: rows of the same layout share one object, and what depends on the
 * layout is computed once.
 */
import { getOrInsert } from '../get-or-insert.ts';

/** The kind of a cell, as far as planning needs it. */
export const Given = { nothing: 0, value: 1, expression: 2, reference: 3 } as const;

export type Given = (typeof Given)[keyof typeof Given];

/** A row layout. There are few forms and many rows. */
export class Form {
  readonly #next: Form[] = [];

  readonly hasExpression: boolean;

  constructor(
    /** By column, in the order of the shape's columns. */
    readonly columns: readonly Given[],
    readonly forms: Forms,
  ) {
    this.hasExpression = columns.includes(Given.expression);
  }

  /** The form with one more column. */
  with(given: Given): Form {
    this.#next[given] ??= this.forms.make([...this.columns, given]);
    return this.#next[given];
  }
}

/** The most forms remembered for a table. Rows that leave out columns at random have millions of them. */
const mostForms = 10_000;

/** The forms of a table's rows, each made once. */
export class Forms {
  #made = 0;
  #empty = new Form([], this);

  /** The form without columns, from which the form of every row is built. */
  get empty(): Form {
    if (this.#made >= mostForms) {
      this.#made = 0;
      this.#empty = new Form([], this);
    }
    return this.#empty;
  }

  make(columns: readonly Given[]): Form {
    this.#made += 1;
    return new Form(columns, this);
  }
}

const formsByTable = new WeakMap<object, Forms>();

export function formsOfTable(shape: object): Forms {
  return getOrInsert(formsByTable, shape, () => new Forms());
}

/** Rows in one flat array. An array or object for each of millions of rows would cost memory. */
export interface Rows<Value> {
  /** Row by row, each in the order of the shape's columns. */
  readonly cells: readonly Value[];
  /** One form if all rows have the same, else one for each row. */
  readonly forms: Form | readonly Form[];
}

export function formOf({ forms }: Pick<Rows<unknown>, 'forms'>, row: number): Form {
  return forms instanceof Form ? forms : (forms[row] as Form);
}

/** Each form of the rows, once. */
export function formsOf({ forms }: Pick<Rows<unknown>, 'forms'>): Iterable<Form> {
  return forms instanceof Form ? [forms] : new Set(forms);
}
