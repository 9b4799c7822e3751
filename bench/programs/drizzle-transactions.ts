import { and, type ExtractTablesWithRelations, eq, sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { type Programs, rowOf, stockAfter } from './program.ts';
import * as tpcB from './tpc-b-tables.ts';
import * as tpcC from './tpc-c-tables.ts';

/** The schema of every drizzle side. */
export const schema = tpcC;

export type Db = PgDatabase<PgQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>;

export const drizzleTpcB =
  (db: Db): Programs['tpcB'] =>
  ({ account, teller, branch, delta }) =>
    db.transaction(async (tx) => {
      const { accounts, tellers, branches, history } = tpcB;
      await tx
        .update(accounts)
        .set({ balance: sql`${accounts.balance} + ${delta}` })
        .where(eq(accounts.id, account));
      const found = await tx
        .select({ balance: accounts.balance })
        .from(accounts)
        .where(eq(accounts.id, account));
      await tx
        .update(tellers)
        .set({ balance: sql`${tellers.balance} + ${delta}` })
        .where(eq(tellers.id, teller));
      await tx
        .update(branches)
        .set({ balance: sql`${branches.balance} + ${delta}` })
        .where(eq(branches.id, branch));
      await tx.insert(history).values({ teller, branch, account, delta });
      return rowOf(found, 'accounts').balance;
    });

export const drizzleNewOrder =
  (db: Db): Programs['newOrder'] =>
  ({ warehouse, district, customer, lines }) =>
    db.transaction(async (tx) => {
      const { warehouses, districts, customers, orders, newOrders, items, stock, orderLines } = tpcC;
      const ofDistrict = and(eq(districts.warehouse, warehouse), eq(districts.id, district));
      const { tax } = rowOf(
        await tx.select({ tax: warehouses.tax }).from(warehouses).where(eq(warehouses.id, warehouse)),
        'warehouse',
      );
      const { order, districtTax } = rowOf(
        await tx
          .select({ order: districts.nextOrder, districtTax: districts.tax })
          .from(districts)
          .where(ofDistrict)
          .for('update'),
        'district',
      );
      const { discount } = rowOf(
        await tx
          .select({ discount: customers.discount, name: customers.name })
          .from(customers)
          .where(
            and(
              eq(customers.warehouse, warehouse),
              eq(customers.district, district),
              eq(customers.id, customer),
            ),
          ),
        'customer',
      );
      await tx
        .update(districts)
        .set({ nextOrder: order + 1 })
        .where(ofDistrict);
      await tx.insert(orders).values({ warehouse, district, id: order, customer, lineCount: lines.length });
      await tx.insert(newOrders).values({ warehouse, district, order });
      const factor = (1 + tax + districtTax) * (1 - discount);
      for (const [n, { item, quantity }] of lines.entries()) {
        const ofStock = and(eq(stock.warehouse, warehouse), eq(stock.item, item));
        const { price } = rowOf(
          await tx.select({ price: items.price, name: items.name }).from(items).where(eq(items.id, item)),
          'item',
        );
        const held = rowOf(await tx.select().from(stock).where(ofStock).for('update'), 'stock');
        await tx
          .update(stock)
          .set({
            quantity: stockAfter(held.quantity, quantity),
            ordered: held.ordered + quantity,
            orders: held.orders + 1,
          })
          .where(ofStock);
        const amount = Math.round(quantity * price * factor * 100) / 100;
        await tx
          .insert(orderLines)
          .values({ warehouse, district, order, number: n + 1, item, quantity, amount });
      }
      return order;
    });

export const drizzlePayment =
  (db: Db): Programs['payment'] =>
  ({ warehouse, district, customer, amount }) =>
    db.transaction(async (tx) => {
      const { warehouses, districts, customers, payments } = tpcC;
      const ofDistrict = and(eq(districts.warehouse, warehouse), eq(districts.id, district));
      const ofCustomer = and(
        eq(customers.warehouse, warehouse),
        eq(customers.district, district),
        eq(customers.id, customer),
      );
      await tx
        .update(warehouses)
        .set({ ytd: sql`${warehouses.ytd} + ${amount}` })
        .where(eq(warehouses.id, warehouse));
      await tx.select({ name: warehouses.name }).from(warehouses).where(eq(warehouses.id, warehouse));
      await tx
        .update(districts)
        .set({ ytd: sql`${districts.ytd} + ${amount}` })
        .where(ofDistrict);
      await tx.select({ name: districts.name }).from(districts).where(ofDistrict);
      const known = rowOf(await tx.select().from(customers).where(ofCustomer).for('update'), 'customer');
      await tx
        .update(customers)
        .set({
          balance: known.balance - amount,
          paid: known.paid + amount,
          payments: known.payments + 1,
        })
        .where(ofCustomer);
      await tx.insert(payments).values({ warehouse, district, customer, amount });
      return known.payments + 1;
    });
