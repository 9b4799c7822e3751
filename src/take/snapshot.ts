import { textOf } from '../driver/text.ts';

/**
 * A copy of a driver value that later changes to the caller's object can't reach.
 *
 * @throws the error of an object's `toString()`
 */
export function snapshot(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  // Copied also if it views a larger buffer, since pooled buffers are overwritten.
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(snapshot);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return copy(value);
  // The driver sends an object with a text of its own, such as a decimal number, as that text. For an object
  // without one the client may have a serialiser.
  const text = textOf(value);
  if (text !== '[object Object]') return text;
  return prototype === Object.prototype ? copy(value) : Object.assign(Object.create(prototype), value);
}

/** A deep copy. `structuredClone` refuses functions and proxies: then a shallow one. */
function copy(value: object): object {
  try {
    return structuredClone(value);
  } catch {
    return { ...value };
  }
}

/** A rough size of a driver value in a statement, in bytes. Only the order of magnitude matters. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  // `toJSON()` may return undefined, for which there is no text.
  return (
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))?.length ?? 0
  );
}
