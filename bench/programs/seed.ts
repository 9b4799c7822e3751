import type { Sql } from 'postgres';
import { scale } from './inputs.ts';

/** Autovacuum would clean up in the middle of a run. */
const quiet = 'with (autovacuum_enabled = off)';

const {
  branches,
  tellersOfBranch,
  accounts,
  warehouses,
  districtsOfWarehouse,
  customersOfDistrict,
  ordersOfCustomer,
  linesOfOrder,
  items,
} = scale;

/** Makes the tables of pgbench anew, with its rows. */
export async function seedTpcB(sql: Sql): Promise<void> {
  await sql.unsafe(`
    drop table if exists pgbench_branches, pgbench_tellers, pgbench_accounts, pgbench_history;
    create table pgbench_branches (bid int primary key, bbalance int not null, filler char(88)) ${quiet};
    create table pgbench_tellers (tid int primary key, bid int not null, tbalance int not null, filler char(84)) ${quiet};
    create table pgbench_accounts (aid int primary key, bid int not null, abalance int not null, filler char(84)) ${quiet};
    create table pgbench_history (tid int not null, bid int not null, aid int not null, delta int not null,
      mtime timestamp not null default now()) ${quiet};
    insert into pgbench_branches select n, 0, '' from generate_series(1, ${branches}) n;
    insert into pgbench_tellers select n, (n - 1) / ${tellersOfBranch} + 1, 0, ''
      from generate_series(1, ${branches * tellersOfBranch}) n;
    insert into pgbench_accounts select n, n % ${branches} + 1, 0, '' from generate_series(1, ${accounts}) n;
    analyze pgbench_branches, pgbench_tellers, pgbench_accounts;`);
}

/** Makes the tables of TPC-C anew, with a few orders of each customer. */
export async function seedTpcC(sql: Sql): Promise<void> {
  await sql.unsafe(`
    drop table if exists warehouse, district, customer, payment_history, item, stock, customer_order, new_order, order_line;
    create table warehouse (id int primary key, name text not null, tax numeric(4,4) not null, ytd numeric(12,2) not null) ${quiet};
    create table district (w_id int, id int, name text not null, tax numeric(4,4) not null, ytd numeric(12,2) not null,
      next_o_id int not null, primary key (w_id, id)) ${quiet};
    create table customer (w_id int, d_id int, id int, name text not null, discount numeric(4,4) not null,
      balance numeric(12,2) not null, ytd_payment numeric(12,2) not null, payment_cnt int not null,
      visits int not null, primary key (w_id, d_id, id)) ${quiet};
    create table payment_history (w_id int not null, d_id int not null, c_id int not null, amount numeric(12,2) not null,
      at timestamp not null default now()) ${quiet};
    create table item (id int primary key, name text not null, price numeric(12,2) not null) ${quiet};
    create table stock (w_id int, i_id int, quantity int not null, ytd int not null, order_cnt int not null,
      primary key (w_id, i_id)) ${quiet};
    create table customer_order (w_id int, d_id int, id int, c_id int not null, entry_d timestamp not null default now(),
      ol_cnt int not null, primary key (w_id, d_id, id)) ${quiet};
    create index on customer_order (w_id, d_id, c_id, id);
    create table new_order (w_id int, d_id int, o_id int, primary key (w_id, d_id, o_id)) ${quiet};
    create table order_line (w_id int, d_id int, o_id int, number int, i_id int not null, quantity int not null,
      amount numeric(12,2) not null, primary key (w_id, d_id, o_id, number)) ${quiet};

    insert into warehouse select w, 'warehouse ' || w, 0.05, 0 from generate_series(1, ${warehouses}) w;
    insert into district select w.id, d, 'district ' || d, 0.1, 0, ${customersOfDistrict * ordersOfCustomer + 1}
      from warehouse w, generate_series(1, ${districtsOfWarehouse}) d;
    insert into customer select d.w_id, d.id, c, 'customer ' || c, 0.02, 0, 0, 0, 0
      from district d, generate_series(1, ${customersOfDistrict}) c;
    insert into item select n, 'item ' || n, n / 10.0 from generate_series(1, ${items}) n;
    insert into stock select w.id, i.id, 10 + i.id % 91, 0, 0 from warehouse w, item i;
    insert into customer_order select w_id, d_id, (id - 1) * ${ordersOfCustomer} + n, id, now(), ${linesOfOrder}
      from customer, generate_series(1, ${ordersOfCustomer}) n;
    insert into order_line select w_id, d_id, id, n, (id * 7 + n) % ${items} + 1, 5, 10
      from customer_order, generate_series(1, ${linesOfOrder}) n;
    analyze warehouse, district, customer, item, stock, customer_order, order_line;`);
}
