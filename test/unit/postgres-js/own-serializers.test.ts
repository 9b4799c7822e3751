import postgres from 'postgres';
import { expect, test } from 'vitest';
import type { ClientOptions } from '../../../src/postgres-js/internals.ts';
import { hasOwnSerializers, isUnchanging } from '../../../src/postgres-js/own-serializers.ts';

type Serializer = (value: unknown) => unknown;

/** A function whose source is this. Formatters do not keep every way of writing one. */
const written = (source: string): Serializer => new Function(`return ${source}`)() as Serializer;

test.each([
  ["x => '' + x", 'postgres.js'],
  ['x => x.toString()', 'postgres.BigInt'],
  ['(x) => "" + x', 'Bun'],
  ['(x) => x.toString()', 'Bun'],
  ['e=>""+e', 'esbuild'],
  ['$=>""+$', 'esbuild'],
  ['e=>``+e', 'rolldown'],
])('%s, as %s has it, changes no text and no number', (source) => {
  const serializer = written(source);
  expect(isUnchanging(serializer)).toBe(true);
  expect([serializer('a'), serializer(1)]).toEqual(['a', '1']);
});

test.each([
  ["x => x + ''"],
  ["x => ' ' + x"],
  ["(x, y) => '' + y"],
  ["x => '' + x + x"],
  ['x => y.toString()'],
  ['x => x.toString(16)'],
  ["x => x === true ? 't' : 'f'"],
])('%s is not known to', (source) => {
  expect(isUnchanging({ toString: () => source })).toBe(false);
});

test('a client has none of its own by default, and has some with a type that changes texts', () => {
  const optionsOf = (options: postgres.Options<Record<string, postgres.PostgresType>>) =>
    postgres('postgres://nobody@127.0.0.1/nothing', options).options as unknown as ClientOptions;
  expect(hasOwnSerializers(optionsOf({}))).toBe(false);
  const upper = { to: 25, from: [25], serialize: (text: string) => text.toUpperCase(), parse: String };
  expect(hasOwnSerializers(optionsOf({ types: { upper } }))).toBe(true);
});
