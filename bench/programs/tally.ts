import type { Sql } from 'postgres';

/** Sums and counts of all tables that a program changes. */
export type Tally = Readonly<Record<string, number>>;

export async function tallyTpcB(sql: Sql): Promise<Tally> {
  const [row] = await sql<Tally[]>`
    select (select sum(abalance)::float from pgbench_accounts) as accounts,
           (select sum(tbalance)::float from pgbench_tellers) as tellers,
           (select sum(bbalance)::float from pgbench_branches) as branches,
           (select coalesce(sum(delta), 0)::float from pgbench_history) as deltas,
           (select count(*)::float from pgbench_history) as history`;
  return row ?? {};
}

export async function tallyTpcC(sql: Sql): Promise<Tally> {
  const [row] = await sql<Tally[]>`
    select (select sum(ytd)::float from warehouse) as warehouses,
           (select sum(ytd)::float from district) as districts,
           (select sum(next_o_id)::float from district) as numbers,
           (select sum(-balance)::float from customer) as balances,
           (select sum(payment_cnt)::float from customer) as paid,
           (select sum(visits)::float from customer) as visits,
           (select coalesce(sum(amount), 0)::float from payment_history) as amounts,
           (select count(*)::float from payment_history) as payments,
           (select count(*)::float from customer_order) as orders,
           (select count(*)::float from new_order) as "newOrders",
           (select count(*)::float from order_line) as lines,
           (select sum(order_cnt)::float from stock) as stocks,
           (select sum(ytd)::float from stock) as ordered`;
  return row ?? {};
}

/** Where the tables have changed in another way than the run should have changed them; empty if nowhere. */
export function wrongChanges(before: Tally, after: Tally, expected: Tally): string[] {
  return Object.keys(after).flatMap((name) => {
    const change = (after[name] ?? Number.NaN) - (before[name] ?? Number.NaN);
    const wanted = expected[name] ?? 0;
    return Math.abs(change - wanted) < 0.001 ? [] : [`${name} changed by ${change} instead of ${wanted}`];
  });
}
