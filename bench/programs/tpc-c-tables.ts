import { relations } from 'drizzle-orm';
import { integer, numeric, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** The tables of TPC-C, with the columns that its new-order and payment need. */

const money = (name: string) => numeric(name, { precision: 12, scale: 2, mode: 'number' });

export const warehouses = pgTable('warehouse', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  tax: numeric('tax', { precision: 4, scale: 4, mode: 'number' }).notNull(),
  ytd: money('ytd').notNull(),
});

export const districts = pgTable(
  'district',
  {
    warehouse: integer('w_id').notNull(),
    id: integer('id').notNull(),
    name: text('name').notNull(),
    tax: numeric('tax', { precision: 4, scale: 4, mode: 'number' }).notNull(),
    ytd: money('ytd').notNull(),
    nextOrder: integer('next_o_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.id] })],
);

export const customers = pgTable(
  'customer',
  {
    warehouse: integer('w_id').notNull(),
    district: integer('d_id').notNull(),
    id: integer('id').notNull(),
    name: text('name').notNull(),
    discount: numeric('discount', { precision: 4, scale: 4, mode: 'number' }).notNull(),
    balance: money('balance').notNull(),
    paid: money('ytd_payment').notNull(),
    payments: integer('payment_cnt').notNull(),
    visits: integer('visits').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.district, table.id] })],
);

export const payments = pgTable('payment_history', {
  warehouse: integer('w_id').notNull(),
  district: integer('d_id').notNull(),
  customer: integer('c_id').notNull(),
  amount: money('amount').notNull(),
  at: timestamp('at').notNull().defaultNow(),
});

export const items = pgTable('item', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  price: money('price').notNull(),
});

export const stock = pgTable(
  'stock',
  {
    warehouse: integer('w_id').notNull(),
    item: integer('i_id').notNull(),
    quantity: integer('quantity').notNull(),
    ordered: integer('ytd').notNull(),
    orders: integer('order_cnt').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.item] })],
);

export const orders = pgTable(
  'customer_order',
  {
    warehouse: integer('w_id').notNull(),
    district: integer('d_id').notNull(),
    id: integer('id').notNull(),
    customer: integer('c_id').notNull(),
    at: timestamp('entry_d').notNull().defaultNow(),
    lineCount: integer('ol_cnt').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.district, table.id] })],
);

export const newOrders = pgTable(
  'new_order',
  {
    warehouse: integer('w_id').notNull(),
    district: integer('d_id').notNull(),
    order: integer('o_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.district, table.order] })],
);

export const orderLines = pgTable(
  'order_line',
  {
    warehouse: integer('w_id').notNull(),
    district: integer('d_id').notNull(),
    order: integer('o_id').notNull(),
    number: integer('number').notNull(),
    item: integer('i_id').notNull(),
    quantity: integer('quantity').notNull(),
    amount: money('amount').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.district, table.order, table.number] })],
);

export const customerRelations = relations(customers, ({ one, many }) => ({
  homeDistrict: one(districts, {
    fields: [customers.warehouse, customers.district],
    references: [districts.warehouse, districts.id],
  }),
  orders: many(orders),
}));

export const orderRelations = relations(orders, ({ one, many }) => ({
  buyer: one(customers, {
    fields: [orders.warehouse, orders.district, orders.customer],
    references: [customers.warehouse, customers.district, customers.id],
  }),
  lines: many(orderLines),
}));

export const lineRelations = relations(orderLines, ({ one }) => ({
  of: one(orders, {
    fields: [orderLines.warehouse, orderLines.district, orderLines.order],
    references: [orders.warehouse, orders.district, orders.id],
  }),
}));
