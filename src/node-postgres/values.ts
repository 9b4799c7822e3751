/** Values → text, as pg writes them. It declares no types, so the server infers each. */
import type { ValueEncoder } from '../driver/values.ts';
import { unsupported } from './errors.ts';
import type { QueryClass } from './internals.ts';
import { messagesOf } from './messages.ts';

export function nodePostgresValues(Query: QueryClass | undefined): ValueEncoder {
  const serialize = (value: unknown): string | null => {
    const written = writtenBy(Query, value);
    return typeof written === 'string' || written === null ? written : hexOf(written as Uint8Array);
  };
  /** The bytes of a buffer are sent in the binary format of the parameter's type. Only for bytea they have a text. */
  const untyped = (value: unknown, sqlType: string | undefined): string | undefined => {
    if (value === undefined) return undefined;
    const written = writtenBy(Query, value);
    if (typeof written === 'string') return written;
    return written !== null && sqlType === 'bytea' ? hexOf(written as Uint8Array) : undefined;
  };
  return {
    serialize,
    untyped,
    textWriter: () => undefined,
    declaredType: () => undefined,
    isCastFromDeclared: (value, base) => isBinary(value) && base !== byteaType,
    undefinedIsNull: true,
  };
}

const byteaType = 17;

/**
 * A text, bytes, or null, which a value's own `toPostgres` may give.
 *
 * @throws what that or its `toJSON` throws
 */
function writtenBy(Query: QueryClass | undefined, value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return `${value}`;
  if (!Query) throw unsupported('the client is none of pg: it has no Query, which writes values');
  let failure: unknown;
  const query = new Query({ text: '' }, [value], (error) => {
    failure = error;
  });
  const messages = messagesOf(query);
  if (!messages) throw failure;
  return messages.bind.values?.[0];
}

function isBinary(value: unknown): boolean {
  return ArrayBuffer.isView(value);
}

function hexOf(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}
