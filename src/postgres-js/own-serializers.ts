/** Whether a client writes strings and numbers for some types otherwise than postgres.js does by default. */
import type { ClientOptions } from './internals.ts';

/** Types for which drizzle passes every value on unchanged: dates, times, intervals, their arrays, json and jsonb. */
const passedOn = new Set([1082, 1083, 1114, 1115, 1182, 1184, 1185, 1231, 114, 3802]);

/** Boolean and bytea, whose default serialisers change a string; a value for them needs its type. */
const changing = new Set([16, 17]);

/** postgres.js's own serialisers for texts and numbers, and that of `postgres.BigInt`, as they come out of Bun and of bundlers. */
const unchanging = /^\(?([\w$]+)\)?\s*=>\s*((['"`])\3\s*\+\s*\1|\1\.toString\(\))$/;

/** Arrays are left out: postgres.js adds their serialisers by itself, and these change no string. */
export function hasOwnSerializers({
  serializers,
  shared,
}: Pick<ClientOptions, 'serializers' | 'shared'>): boolean {
  const arrays = new Set(Object.values(shared?.typeArrayMap ?? {}).map(Number));
  return Object.entries(serializers).some(([key, serializer]) => {
    const oid = Number(key);
    if (passedOn.has(oid) || changing.has(oid) || arrays.has(oid)) return false;
    return !isUnchanging(serializer);
  });
}

/** Whether it writes every text and number as it is. */
export function isUnchanging(serializer: unknown): boolean {
  return unchanging.test(String(serializer));
}
