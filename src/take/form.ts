/** Which columns a row gives, and how: rows of one form are planned alike. */
import { getOrInsert } from '../get-or-insert.ts';

/** What a row has for a column, as far as planning looks. */
export const Given = { nothing: 0, value: 1, expression: 2, reference: 3 } as const;

export type Given = (typeof Given)[keyof typeof Given];

/** Forms are few and rows are many, so that whatever holds for a form is found out once. */
export class Form {
  readonly #next: Form[] = [];

  readonly hasExpression: boolean;

  constructor(
    /** In the order of the shape's columns. */
    readonly columns: readonly Given[],
    readonly forms: Forms,
  ) {
    this.hasExpression = columns.includes(Given.expression);
  }

  /** The form with one column more. */
  with(given: Given): Form {
    this.#next[given] ??= this.forms.make([...this.columns, given]);
    return this.#next[given];
  }
}

/** So many are remembered: rows that leave out columns at random have millions of forms. */
const mostForms = 10_000;

/** The forms of a table's rows, each made once. */
export class Forms {
  #made = 0;
  #empty = new Form([], this);

  /** The form of no column, from which every row begins. */
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

/** The forms of a table's rows. */
export function formsOfTable(shape: object): Forms {
  return getOrInsert(formsByTable, shape, () => new Forms());
}

/** Rows without an array or an object of their own each, of which there may be millions. */
export interface Rows<Value> {
  /** Row after row, each in the order of the shape's columns. */
  readonly cells: readonly Value[];
  /** That of every row, or of each. */
  readonly forms: Form | readonly Form[];
}

export function formOf({ forms }: Pick<Rows<unknown>, 'forms'>, row: number): Form {
  return forms instanceof Form ? forms : (forms[row] as Form);
}

/** Each form among the rows, once. */
export function formsOf({ forms }: Pick<Rows<unknown>, 'forms'>): Iterable<Form> {
  return forms instanceof Form ? [forms] : new Set(forms);
}
