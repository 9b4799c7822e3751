/** Values → text, as postgres.js does when it binds. */
import { arrayLiteral, isTextless, textOf } from '../driver/text.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { declaredType, isCastFromDeclared } from './declared-type.ts';
import type { ClientOptions } from './internals.ts';
import { hasOwnSerializers } from './own-serializers.ts';

export function postgresJsValues(
  options: Pick<ClientOptions, 'serializers' | 'shared' | 'transform'>,
): ValueEncoder {
  const { serializers, transform } = options;
  const needsTypes = hasOwnSerializers(options);
  /**
   * The type is the one that postgres.js declares for the value, else the column's. Without a type the value
   * is sent as a string.
   */
  const serialize = (value: unknown, typeOid: number): string => {
    if (typeof value === 'boolean') return booleanText(serializers[boolType]?.(value) ?? value);
    const type = declaredType(value)?.oid ?? typeOid;
    const serializer = serializers[type];
    const isKnown = serializer !== undefined && type !== 0;
    // In an expression only the server knows the type, and postgres.js writes arrays only of a known type.
    if (Array.isArray(value) && type === 0) return nestedLiteral(value);
    const text = serializer && isKnown ? serializer(value) : textOf(value);
    return typeof text === 'string' ? text : refuse(text);
  };
  const nestedLiteral = (values: readonly unknown[]): string => {
    const isNested = values.some(Array.isArray);
    const texts = values.map((value) => (value === null ? null : serialize(value, 0)));
    return isNested ? `{${texts.map((text) => text ?? 'NULL').join(',')}}` : arrayLiteral(texts);
  };
  const textWriter = (typeOid: number): ((value: string | number) => string) | undefined => {
    const serializer = serializers[typeOid];
    if (!serializer || typeOid === 0) return undefined;
    return (value) => {
      const text = serializer(value);
      return typeof text === 'string' ? text : serialize(value, typeOid);
    };
  };
  const untyped = (value: unknown, sqlType: string | undefined): string | undefined => {
    if (needsTypes) return undefined;
    if (isJson(sqlType) && isSerialized(value)) return ownJsonText(value, serializers[jsonTypes[sqlType]]);
    if (typeof value === 'string') return isReadByType(sqlType) ? undefined : value;
    if (typeof value === 'number') return takesAnyText(sqlType) ? `${value}` : undefined;
    if (Array.isArray(value)) return undefined;
    if (declaredType(value)) return serialize(value, 0);
    if (typeof value !== 'object' || !takesAnyText(sqlType)) return undefined;
    const text = textOf(value);
    return isTextless(text) ? undefined : text;
  };
  const undefinedIsNull = transform?.undefined === null;
  return { serialize, untyped, textWriter, declaredType, isCastFromDeclared, undefinedIsNull };
}

const boolType = 16;

const jsonTypes = { json: 114, jsonb: 3802 } as const;

function isJson(sqlType: string | undefined): sqlType is keyof typeof jsonTypes {
  return sqlType !== undefined && Object.hasOwn(jsonTypes, sqlType);
}

/** Not null, and postgres.js declares no type of its own for it. */
function isSerialized(value: unknown): boolean {
  return value !== null && !Array.isArray(value) && declaredType(value) === undefined;
}

/**
 * drizzle 0.45 has replaced the client's serialisers of json, and passes texts. drizzle 1.0 leaves json to them: `abc` is
 * written as `"abc"`.
 *
 * @returns the value's own text, if that is what the serialiser gives
 */
function ownJsonText(
  value: unknown,
  serializer: ((value: unknown) => unknown) | undefined,
): string | undefined {
  const text = serializer ? serializer(value) : value;
  return typeof text === 'string' && text === textOf(value) ? text : undefined;
}

/** postgres.js declares a boolean's type, and the server casts it: a text column gets `true`. */
function booleanText(written: unknown): string {
  return written === 't' ? 'true' : written === 'f' ? 'false' : String(written);
}

/** drizzle has postgres.js pass on every value for these types, and postgres.js refuses what is no string. */
const textOnly = /^(json|date|time|interval)/;

/** Whether postgres.js writes any value for the type as its text. */
function takesAnyText(sqlType: string | undefined): boolean {
  return !isReadByType(sqlType) && !(sqlType !== undefined && textOnly.test(sqlType));
}

/** A string for such a column is not its own text: postgres.js writes `'true'` for a boolean as false. */
function isReadByType(sqlType: string | undefined): boolean {
  return sqlType === 'boolean' || sqlType === 'bool' || sqlType === 'bytea';
}

/** Throws as postgres.js does when it writes what is no text. It would throw too late, in its socket handler. */
function refuse(written: unknown): never {
  Buffer.byteLength(written as string);
  Buffer.alloc(1).write(written as string);
  throw new TypeError('a serialiser must return a string');
}
