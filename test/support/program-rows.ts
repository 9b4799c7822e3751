import fc from 'fast-check';
import { jsonBooleans } from './json-booleans.ts';

/** The tables of `schema.ts`, by the names of its exports. */
export type TableName =
  | 'addresses'
  | 'counters'
  | 'events'
  | 'logs'
  | 'members'
  | 'nodes'
  | 'organizations'
  | 'teams'
  | 'tokens'
  | 'users'
  | 'wide';

/** Tables that other tables refer to. */
export type ParentName = 'nodes' | 'organizations' | 'teams' | 'users';

/** A value of a row. A value that depends on its place in the program is made when the program runs. */
export type Value =
  | { readonly is: 'literal'; readonly value: unknown }
  /** A text that no other row has, as a plain value or as an `sql` expression. */
  | { readonly is: 'label' | 'upper' }
  /** A key that no other row has. */
  | { readonly is: 'key' | 'uuid' }
  /** A text, key or uuid that rows with conflict clauses share. */
  | { readonly is: 'pool text' | 'pool key' | 'pool uuid'; readonly index: number }
  /** `sql` that reads a table. */
  | { readonly is: 'count'; readonly of: TableName }
  /** A column that is left out: `undefined`, or `default` as `sql`. */
  | { readonly is: 'left out' | 'default' }
  | Parent
  | Quote;

/** The id of a row that was inserted before, by `ref()` or as the number that the program knows. */
export interface Parent {
  readonly is: 'parent';
  readonly of: ParentName;
  /** Chooses one of the existing rows, modulo their number. */
  readonly pick: number;
  readonly known: boolean;
}

/** The text of a row that was inserted before, as its insert left it, by `ref()` or as the program knows it. */
export interface Quote {
  readonly is: 'quote';
  readonly of: ParentName;
  /** Chooses one of the existing rows, modulo their number. */
  readonly pick: number;
}

/** A row as the program gives it. Columns that are left out are not in it. */
export type Row = { readonly [column: string]: Value };

const literal = (...values: unknown[]): fc.Arbitrary<Value> =>
  fc.constantFrom(...values.map((value) => ({ is: 'literal', value }) as const));
const one = (is: 'label' | 'upper' | 'key' | 'uuid' | 'left out' | 'default'): fc.Arbitrary<Value> =>
  fc.constant({ is });
const pool = (is: 'pool text' | 'pool key' | 'pool uuid'): fc.Arbitrary<Value> =>
  fc.record({ is: fc.constant(is), index: fc.nat({ max: 6 }) });
const count = (of: TableName): fc.Arbitrary<Value> => fc.constant({ is: 'count', of });

/** The other values shrink to the first one. */
function mostly(first: fc.Arbitrary<Value>, ...others: fc.Arbitrary<Value>[]): fc.Arbitrary<Value> {
  return fc.oneof({ withCrossShrink: true }, { weight: 8, arbitrary: first }, ...others);
}

export function parent(of: ParentName): fc.Arbitrary<Parent> {
  return fc.record({
    is: fc.constant('parent'),
    of: fc.constant(of),
    pick: fc.nat({ max: 7 }),
    known: fc.boolean(),
  });
}

const quote = fc.record({
  is: fc.constant('quote' as const),
  of: fc.constantFrom<ParentName>('users', 'nodes', 'teams', 'organizations'),
  pick: fc.nat({ max: 7 }),
});

/** A row that always has its first columns, and any of the others. */
function row(first: Record<string, fc.Arbitrary<Value>>, others: Record<string, fc.Arbitrary<Value>> = {}) {
  return fc.record({ ...first, ...others }, { requiredKeys: Object.keys(first) }) as fc.Arbitrary<Row>;
}

const texts = ['', ' ', "it's", '"', '\\', '{a,b}', 'NULL', 'null', 'naïve 🐘', 'a\tb\r\nc', '$1', ',', 'ab'];
const label = mostly(one('label'), one('upper'));
const key = mostly(one('left out'), one('key'), one('default'));
// Before 2020, so that later times are known to come from the server's clock.
const dates = [new Date('2001-02-03T04:05:06.789Z'), new Date('1969-12-31T23:59:59.999Z')];

export const rows: Record<TableName, fc.Arbitrary<Row>> = {
  users: row({}, { name: mostly(one('label'), literal(null), one('upper')), id: key }),
  addresses: row(
    { email: mostly(one('label'), one('upper'), quote) },
    { userId: mostly(parent('users'), literal(null)) },
  ),
  organizations: row({ name: label }, { id: key }),
  teams: row({ name: label, organizationId: parent('organizations') }, { id: key }),
  members: row(
    { email: label, teamId: parent('teams') },
    { role: literal('reader', 'owner'), joinedAt: literal(...dates) },
  ),
  nodes: row({ label }, { parentId: mostly(parent('nodes'), literal(null)), id: key }),
  events: row(
    { kind: label },
    {
      id: one('uuid'),
      at: literal(...dates),
      payload: literal({ a: [1, null, 'x'] }, [], 'text', 0, null, ...jsonBooleans),
    },
  ),
  tokens: row(
    { id: one('uuid'), label },
    { uses: mostly(literal(0, 4), one('default')), updatedAt: literal(...dates) },
  ),
  logs: row({ level: label, message: fc.oneof(literal(...texts), quote, count('users'), count('logs')) }),
  counters: row({}, { value: fc.oneof(one('label'), quote, literal(null, ...texts)), id: key }),
  wide: row(
    { title: one('label') },
    {
      id: key,
      small: literal(-32_768, 0, 32_767, null),
      whole: literal(-2_147_483_648, 1),
      big: literal(Number.MAX_SAFE_INTEGER, -1),
      huge: literal(9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, null),
      amount: literal('12345678.9012', '-0.0001', '1e2', 'NaN', null),
      ratio: literal(0.1, Number.POSITIVE_INFINITY, -0, 1e-20),
      precise: literal(0.1 + 0.2, Number.NaN, 5e-324),
      flag: literal(true, false, null),
      note: mostly(literal(...texts, null), one('upper'), quote),
      code: literal('', 'ab', 'NULL', '12345678'),
      day: literal('2016-02-29', '0001-01-01', 'infinity'),
      moment: literal(...dates),
      instant: literal('2001-02-03 04:05:06.789123+05:45', '1999-12-31T23:59:59Z'),
      tag: one('uuid'),
      document: literal({ 'a"b': "c'd\\" }, [[]], 'NULL', '', 1.5, null, ...jsonBooleans),
      labels: literal([], ['a', '', 'NULL', 'b"c', 'd\\e', '{f}', ', '], null),
      counts: literal([], [1, -2], null),
      bytes: literal(Buffer.from([0, 255, 92, 39]), Buffer.alloc(0)),
    },
  ),
};

/** Rows for conflict clauses. They share names, keys and uuids with one another and with existing rows. */
export const sharedRows = {
  users: row({ name: pool('pool text') }),
  members: row({ email: pool('pool text'), teamId: parent('teams') }, { role: literal('writer') }),
  tokens: row({ id: pool('pool uuid'), label }, { uses: literal(1, 2) }),
  nodes: row({ label }, { id: mostly(pool('pool key'), one('default')), parentId: parent('nodes') }),
};

/** A row that PostgreSQL refuses: the columns that cause it, and the SQLSTATE. */
export interface Violation {
  readonly table: TableName;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly code: string;
}

export const violations: readonly Violation[] = [
  { table: 'users', columns: { name: 'taken' }, code: '23505' },
  { table: 'nodes', columns: { id: 1_000_000 }, code: '23505' },
  { table: 'nodes', columns: { label: null }, code: '23502' },
  { table: 'addresses', columns: { userId: 999_999_999 }, code: '23503' },
  { table: 'teams', columns: { organizationId: 999_999_999 }, code: '23503' },
  { table: 'users', columns: { name: 'x'.repeat(51) }, code: '22001' },
  { table: 'wide', columns: { amount: 'abc' }, code: '22P02' },
  { table: 'wide', columns: { amount: '123456789' }, code: '22003' },
  { table: 'wide', columns: { small: 40_000 }, code: '22003' },
  { table: 'wide', columns: { day: '2015-02-29' }, code: '22008' },
  { table: 'wide', columns: { counts: [1, 'x'] }, code: '22P02' },
  { table: 'members', columns: { role: 'nobody' }, code: '22P02' },
  { table: 'events', columns: { payload: { a: '\u0000' } }, code: '22P05' },
  { table: 'logs', columns: { message: 'a\u0000b' }, code: '22021' },
];
