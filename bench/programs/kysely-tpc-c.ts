import { type Kysely, sql } from 'kysely';
import type { KyselyTables } from './kysely-tables.ts';
import { type Programs, rowOf, stockAfter } from './program.ts';

type Db = Kysely<KyselyTables>;

export const kyselyNewOrder =
  (db: Db): Programs['newOrder'] =>
  ({ warehouse, district, customer, lines }) =>
    db.transaction().execute(async (tx) => {
      const ofDistrict = { w_id: warehouse, id: district };
      const { tax } = rowOf(
        await tx.selectFrom('warehouse').select('tax').where('id', '=', warehouse).execute(),
        'warehouse',
      );
      const { next_o_id: order, tax: districtTax } = rowOf(
        await tx
          .selectFrom('district')
          .select(['next_o_id', 'tax'])
          .where((is) => is.and(ofDistrict))
          .forUpdate()
          .execute(),
        'district',
      );
      const { discount } = rowOf(
        await tx
          .selectFrom('customer')
          .select(['discount', 'name'])
          .where((is) => is.and({ w_id: warehouse, d_id: district, id: customer }))
          .execute(),
        'customer',
      );
      await tx
        .updateTable('district')
        .set({ next_o_id: order + 1 })
        .where((is) => is.and(ofDistrict))
        .execute();
      await tx
        .insertInto('customer_order')
        .values({ w_id: warehouse, d_id: district, id: order, c_id: customer, ol_cnt: lines.length })
        .execute();
      await tx.insertInto('new_order').values({ w_id: warehouse, d_id: district, o_id: order }).execute();
      const factor = (1 + Number(tax) + Number(districtTax)) * (1 - Number(discount));
      for (const [n, { item, quantity }] of lines.entries()) {
        const ofStock = { w_id: warehouse, i_id: item };
        const { price } = rowOf(
          await tx.selectFrom('item').select(['price', 'name']).where('id', '=', item).execute(),
          'item',
        );
        const held = rowOf(
          await tx
            .selectFrom('stock')
            .selectAll()
            .where((is) => is.and(ofStock))
            .forUpdate()
            .execute(),
          'stock',
        );
        await tx
          .updateTable('stock')
          .set({
            quantity: stockAfter(held.quantity, quantity),
            ytd: held.ytd + quantity,
            order_cnt: held.order_cnt + 1,
          })
          .where((is) => is.and(ofStock))
          .execute();
        await tx
          .insertInto('order_line')
          .values({
            w_id: warehouse,
            d_id: district,
            o_id: order,
            number: n + 1,
            i_id: item,
            quantity,
            amount: Math.round(quantity * Number(price) * factor * 100) / 100,
          })
          .execute();
      }
      return order;
    });

export const kyselyPayment =
  (db: Db): Programs['payment'] =>
  ({ warehouse, district, customer, amount }) =>
    db.transaction().execute(async (tx) => {
      const ofDistrict = { w_id: warehouse, id: district };
      const ofCustomer = { w_id: warehouse, d_id: district, id: customer };
      await tx
        .updateTable('warehouse')
        .set({ ytd: sql`ytd + ${amount}` })
        .where('id', '=', warehouse)
        .execute();
      await tx.selectFrom('warehouse').select('name').where('id', '=', warehouse).execute();
      await tx
        .updateTable('district')
        .set({ ytd: sql`ytd + ${amount}` })
        .where((is) => is.and(ofDistrict))
        .execute();
      await tx
        .selectFrom('district')
        .select('name')
        .where((is) => is.and(ofDistrict))
        .execute();
      const known = rowOf(
        await tx
          .selectFrom('customer')
          .selectAll()
          .where((is) => is.and(ofCustomer))
          .forUpdate()
          .execute(),
        'customer',
      );
      await tx
        .updateTable('customer')
        .set({
          balance: Number(known.balance) - amount,
          ytd_payment: Number(known.ytd_payment) + amount,
          payment_cnt: known.payment_cnt + 1,
        })
        .where((is) => is.and(ofCustomer))
        .execute();
      await tx
        .insertInto('payment_history')
        .values({ w_id: warehouse, d_id: district, c_id: customer, amount })
        .execute();
      return known.payment_cnt + 1;
    });
