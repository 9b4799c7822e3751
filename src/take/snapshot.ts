import { textOf } from '../driver/text.ts';

/**
 * A copy of a driver value that later changes to the caller's object can't reach.
 *
 * @throws whatever an object throws that is asked for its text
 */
export function snapshot(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  // A copy also of what only views a larger buffer, which a pooled one may overwrite.
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(snapshot);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return copy(value);
  // What has a text of its own, a decimal number for one, is sent as just that by the driver; if it has none, the
  // client may have a serialiser for it.
  const text = textOf(value);
  if (text !== '[object Object]') return text;
  return prototype === Object.prototype ? copy(value) : Object.assign(Object.create(prototype), value);
}

/** Deep, but for what holds functions or is a proxy, which nothing copies deep. */
function copy(value: object): object {
  try {
    return structuredClone(value);
  } catch {
    return { ...value };
  }
}

/** A rough size of a driver value in a statement, in bytes; only the order of magnitude matters. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  return (
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))?.length ?? 0
  );
}
