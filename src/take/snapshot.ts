import { isTextless, textOf } from '../driver/text.ts';

/**
 * A copy of a driver value that later changes to the caller's object can't reach.
 */
export function snapshot(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return new Date(value);
  const bytes = copyOfBytes(value);
  if (bytes) return bytes;
  if (Array.isArray(value)) return value.map(snapshot);
  // They never change, and a copy would have no value.
  if (boxes.some((Box) => value instanceof Box)) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return copy(value);
  const text = textIfAny(value);
  // The driver will fail on it, and the insert with it.
  if (text === undefined) return value;
  const isBare = prototype === Object.prototype || value instanceof Map || value instanceof Set;
  if (isBare && isTextless(text)) return copy(value);
  // For the object the client may have a serialiser. Else the driver sends its text, such as that of a decimal number.
  const shallow = Object.assign(Object.create(prototype), value);
  // A copy has no private fields, of which the text may be made.
  return isTextless(text) || textIfAny(shallow) === text ? shallow : text;
}

const boxes = [String, Number, Boolean, BigInt];

/** The text that the driver sends for an object; `undefined` if making it throws. */
export function textIfAny(value: object): string | undefined {
  try {
    return textOf(value);
  } catch {
    return undefined;
  }
}

/**
 * The driver reads each kind of bytes in its own way, so a copy is of the same kind. Only what is viewed of a larger buffer is
 * copied: pooled buffers are overwritten.
 */
function copyOfBytes(value: object): object | undefined {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (value instanceof SharedArrayBuffer) return value.slice(0);
  if (value instanceof DataView)
    return new DataView(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
  return ArrayBuffer.isView(value) ? (value as Int8Array).slice() : undefined;
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
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return value.byteLength * 2;
  if (typeof value !== 'object' || value === null) return 8;
  try {
    // `toJSON()` may return undefined, for which there is no text.
    return (
      JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))?.length ?? 0
    );
  } catch {
    return 8;
  }
}
