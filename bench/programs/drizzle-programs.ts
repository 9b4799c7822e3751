import { and, count, desc, eq, lt, sql } from 'drizzle-orm';
import { type Db, drizzleNewOrder, drizzlePayment, drizzleTpcB } from './drizzle-transactions.ts';
import { type Programs, rowOf } from './program.ts';
import { customers, districts, items, orders, stock, warehouses } from './tpc-c-tables.ts';

/** The programs by drizzle, for every driver. */
export const drizzlePrograms = (db: Db): Programs => ({
  tpcB: drizzleTpcB(db),
  newOrder: drizzleNewOrder(db),
  payment: drizzlePayment(db),
  page: drizzlePage(db),
});

/** A customer's page: who it is, what was ordered last, and what runs short in the warehouse. */
const drizzlePage =
  (db: Db): Programs['page'] =>
  async ({ warehouse, district, customer }) => {
    const ofCustomer = and(
      eq(customers.warehouse, warehouse),
      eq(customers.district, district),
      eq(customers.id, customer),
    );
    const ofOrders = and(
      eq(orders.warehouse, warehouse),
      eq(orders.district, district),
      eq(orders.customer, customer),
    );
    rowOf(await db.select().from(customers).where(ofCustomer), 'customer');
    await db.select().from(warehouses).where(eq(warehouses.id, warehouse));
    await db
      .select()
      .from(districts)
      .where(and(eq(districts.warehouse, warehouse), eq(districts.id, district)));
    await db.select({ count: count() }).from(orders).where(ofOrders);
    const [last] = await db.select().from(orders).where(ofOrders).orderBy(desc(orders.id)).limit(1);
    await db
      .select({ item: items.name, left: stock.quantity })
      .from(stock)
      .innerJoin(items, eq(items.id, stock.item))
      .where(and(eq(stock.warehouse, warehouse), lt(stock.quantity, 20)))
      .limit(10);
    await db.query.customers.findFirst({ where: ofCustomer, with: { homeDistrict: true } });
    const shown = await db.query.orders.findMany({
      where: ofOrders,
      orderBy: desc(orders.id),
      limit: 3,
      with: { lines: true },
    });
    await db
      .update(customers)
      .set({ visits: sql`${customers.visits} + 1` })
      .where(ofCustomer);
    if (shown[0]?.id !== last?.id) throw new Error('two selects found different orders to be the last');
    return shown.reduce((sum, { lines }) => sum + lines.length, 0);
  };
