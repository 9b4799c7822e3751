/**
 * A value of a json column as it was when `values()` was called.
 *
 * drizzle 1.0 leaves json to the client, which serialises it when it knows the type of the parameter. The client gives the
 * same text for this object, and so does whoever asks for the object's own text.
 */
export class KeptJson {
  constructor(readonly text: string) {}

  toJSON(): unknown {
    return JSON.parse(this.text);
  }

  toString(): string {
    return this.text;
  }
}

/** @returns the value itself if it has no JSON, or if postgres.js declares a type for it, with which the server refuses it */
export function keepJson(value: unknown): unknown {
  if (hasDeclaredType(value)) return value;
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? value : new KeptJson(text);
  } catch {
    // The client will fail on it, and the insert with it.
    return value;
  }
}

function hasDeclaredType(value: unknown): boolean {
  if (Array.isArray(value)) return hasDeclaredType(value[0]);
  return ['boolean', 'bigint'].includes(typeof value) || value instanceof Date || value instanceof Uint8Array;
}
