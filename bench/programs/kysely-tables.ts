import type { Generated } from 'kysely';

/** The tables of the programs as Kysely wants them declared. node-postgres gives a numeric as text. */

interface Branch {
  bid: number;
  bbalance: number;
}

interface Teller {
  tid: number;
  tbalance: number;
}

interface Account {
  aid: number;
  abalance: number;
}

interface History {
  tid: number;
  bid: number;
  aid: number;
  delta: number;
  mtime: Generated<Date>;
}

interface Warehouse {
  id: number;
  name: string;
  tax: string;
  ytd: string;
}

interface District extends Warehouse {
  w_id: number;
  next_o_id: number;
}

interface Customer {
  w_id: number;
  d_id: number;
  id: number;
  name: string;
  discount: string;
  balance: string | number;
  ytd_payment: string | number;
  payment_cnt: number;
  visits: number;
}

interface Payment {
  w_id: number;
  d_id: number;
  c_id: number;
  amount: string | number;
  at: Generated<Date>;
}

interface Item {
  id: number;
  name: string;
  price: string;
}

interface Stock {
  w_id: number;
  i_id: number;
  quantity: number;
  ytd: number;
  order_cnt: number;
}

interface Order {
  w_id: number;
  d_id: number;
  id: number;
  c_id: number;
  entry_d: Generated<Date>;
  ol_cnt: number;
}

interface NewOrder {
  w_id: number;
  d_id: number;
  o_id: number;
}

interface OrderLine {
  w_id: number;
  d_id: number;
  o_id: number;
  number: number;
  i_id: number;
  quantity: number;
  amount: string | number;
}

export interface KyselyTables {
  pgbench_branches: Branch;
  pgbench_tellers: Teller;
  pgbench_accounts: Account;
  pgbench_history: History;
  warehouse: Warehouse;
  district: District;
  customer: Customer;
  payment_history: Payment;
  item: Item;
  stock: Stock;
  customer_order: Order;
  new_order: NewOrder;
  order_line: OrderLine;
}
