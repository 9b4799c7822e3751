import { type Kysely, sql } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import type { KyselyTables } from './kysely-tables.ts';
import { kyselyNewOrder, kyselyPayment } from './kysely-tpc-c.ts';
import { type Programs, rowOf } from './program.ts';

type Db = Kysely<KyselyTables>;

/** The programs by Kysely: the same statements, in the same order. */
export const kyselyPrograms = (db: Db): Programs => ({
  tpcB: kyselyTpcB(db),
  newOrder: kyselyNewOrder(db),
  payment: kyselyPayment(db),
  page: kyselyPage(db),
});

const kyselyTpcB =
  (db: Db): Programs['tpcB'] =>
  ({ account, teller, branch, delta }) =>
    db.transaction().execute(async (tx) => {
      await tx
        .updateTable('pgbench_accounts')
        .set((to) => ({ abalance: to('abalance', '+', delta) }))
        .where('aid', '=', account)
        .execute();
      const found = await tx
        .selectFrom('pgbench_accounts')
        .select('abalance')
        .where('aid', '=', account)
        .execute();
      await tx
        .updateTable('pgbench_tellers')
        .set((to) => ({ tbalance: to('tbalance', '+', delta) }))
        .where('tid', '=', teller)
        .execute();
      await tx
        .updateTable('pgbench_branches')
        .set((to) => ({ bbalance: to('bbalance', '+', delta) }))
        .where('bid', '=', branch)
        .execute();
      await tx
        .insertInto('pgbench_history')
        .values({ tid: teller, bid: branch, aid: account, delta })
        .execute();
      return rowOf(found, 'accounts').abalance;
    });

const kyselyPage =
  (db: Db): Programs['page'] =>
  async ({ warehouse, district, customer }) => {
    const ofCustomer = { w_id: warehouse, d_id: district, id: customer };
    const selectCustomer = db
      .selectFrom('customer')
      .selectAll()
      .where((is) => is.and(ofCustomer));
    const selectOrders = db
      .selectFrom('customer_order')
      .where((is) => is.and({ w_id: warehouse, d_id: district, c_id: customer }));
    const latest = selectOrders.selectAll().orderBy('id', 'desc');
    rowOf(await selectCustomer.execute(), 'customer');
    await db.selectFrom('warehouse').selectAll().where('id', '=', warehouse).execute();
    await db
      .selectFrom('district')
      .selectAll()
      .where((is) => is.and({ w_id: warehouse, id: district }))
      .execute();
    await selectOrders.select(({ fn }) => fn.countAll().as('count')).execute();
    const [last] = await latest.limit(1).execute();
    await db
      .selectFrom('stock')
      .innerJoin('item', 'item.id', 'stock.i_id')
      .select(['item.name as item', 'stock.quantity as left'])
      .where('stock.w_id', '=', warehouse)
      .where('stock.quantity', '<', 20)
      .limit(10)
      .execute();
    await selectCustomer
      .select((of) =>
        jsonObjectFrom(
          of
            .selectFrom('district')
            .selectAll()
            .whereRef('district.w_id', '=', 'customer.w_id')
            .whereRef('district.id', '=', 'customer.d_id'),
        ).as('homeDistrict'),
      )
      .execute();
    const shown = await latest
      .limit(3)
      .select((of) =>
        jsonArrayFrom(
          of
            .selectFrom('order_line')
            .selectAll()
            .whereRef('order_line.w_id', '=', 'customer_order.w_id')
            .whereRef('order_line.d_id', '=', 'customer_order.d_id')
            .whereRef('order_line.o_id', '=', 'customer_order.id'),
        ).as('lines'),
      )
      .execute();
    await db
      .updateTable('customer')
      .set({ visits: sql`visits + 1` })
      .where((is) => is.and(ofCustomer))
      .execute();
    if (shown[0]?.id !== last?.id) throw new Error('two selects found different orders to be the last');
    return shown.reduce((sum, { lines }) => sum + lines.length, 0);
  };
