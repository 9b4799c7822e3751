/**
 * What each transaction of a run works on. It is a function of the transaction's number, so every side does
 * the same.
 */

/** How many rows the tables have. pgbench advises as many branches as there are connections. */
export const scale = {
  branches: 10,
  tellersOfBranch: 10,
  accounts: 10_000,
  warehouses: 10,
  districtsOfWarehouse: 10,
  customersOfDistrict: 10,
  ordersOfCustomer: 3,
  linesOfOrder: 5,
  items: 1_000,
};

export interface TpcBInput {
  readonly account: number;
  readonly teller: number;
  readonly branch: number;
  readonly delta: number;
}

export interface CustomerKey {
  readonly warehouse: number;
  readonly district: number;
  readonly customer: number;
}

export interface NewOrderInput extends CustomerKey {
  /** By rising item, so that no two transactions wait for each other. */
  readonly lines: readonly { readonly item: number; readonly quantity: number }[];
}

export interface PaymentInput extends CustomerKey {
  readonly amount: number;
}

export type PageInput = CustomerKey;

/** A number from 1 to `count` that looks random. `salt` tells apart the choices of one transaction. */
function choose(n: number, salt: number, count: number): number {
  let mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return (((mixed ^ (mixed >>> 15)) >>> 0) % count) + 1;
}

export function tpcBInput(n: number): TpcBInput {
  return {
    account: choose(n, 0, scale.accounts),
    teller: choose(n, 1, scale.branches * scale.tellersOfBranch),
    branch: choose(n, 2, scale.branches),
    delta: choose(n, 3, 10_001) - 5_001,
  };
}

export function customerOf(n: number): CustomerKey {
  return {
    warehouse: choose(n, 0, scale.warehouses),
    district: choose(n, 1, scale.districtsOfWarehouse),
    customer: choose(n, 2, scale.customersOfDistrict),
  };
}

/** Two orders in a row have 15 lines together. So runs of an even number have 7.5 lines an order. */
const lineCounts = [5, 10, 6, 9, 7, 8];

export function newOrderInput(n: number): NewOrderInput {
  const items = new Set<number>();
  const count = lineCounts[n % lineCounts.length] ?? 0;
  for (let salt = 3; items.size < count; salt++) items.add(choose(n, salt, scale.items));
  const lines = [...items].sort((a, b) => a - b).map((item) => ({ item, quantity: choose(n, item, 10) }));
  return { ...customerOf(n), lines };
}

export function paymentInput(n: number): PaymentInput {
  return { ...customerOf(n), amount: choose(n, 3, 5_000) };
}
