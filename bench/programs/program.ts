import type { NewOrderInput, PageInput, PaymentInput, TpcBInput } from './inputs.ts';

/** The programs of mixed statements. Each awaits every statement before the next, as real programs do. */
export interface Programs {
  /** pgbench's own transaction, of five statements. Resolves to the balance that its select found. */
  tpcB(input: TpcBInput): Promise<number>;
  /** TPC-C's new-order, of 6 statements and 4 a line. Resolves to the number of the order. */
  newOrder(input: NewOrderInput): Promise<number>;
  /** TPC-C's payment, of seven statements. Resolves to the number of payments that the customer has made. */
  payment(input: PaymentInput): Promise<number>;
  /**
   * Eight selects, two of them relational queries, and an update, outside of any transaction. Resolves to the
   * number of order lines that it shows.
   */
  page(input: PageInput): Promise<number>;
}

/** The only row of a select by primary key. */
export function rowOf<Row>(rows: readonly Row[], what: string): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows of ${what} were found`);
  return row;
}

/** TPC-C refills a stock that would fall below ten. */
export const stockAfter = (quantity: number, ordered: number) =>
  quantity - ordered >= 10 ? quantity - ordered : quantity - ordered + 91;
