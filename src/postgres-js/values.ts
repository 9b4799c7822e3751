/** Values → text, as postgres.js does when it binds. */
import { arrayLiteral, textOf } from '../driver/text.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { declaredType, isCastFromDeclared } from './declared-type.ts';
import type { ClientOptions } from './internals.ts';
import { hasOwnSerializers } from './own-serializers.ts';

export function postgresJsValues(options: Pick<ClientOptions, 'serializers' | 'shared'>): ValueEncoder {
  const { serializers } = options;
  const needsTypes = hasOwnSerializers(options);
  /**
   * The type is the one that postgres.js declares for the value, else the column's. Without a type the value
   * is sent as a string.
   */
  const serialize = (value: unknown, typeOid: number): string => {
    // postgres.js declares a boolean's type, and the server casts it: a text column gets `true`.
    if (typeof value === 'boolean') return String(value);
    const type = declaredType(value)?.oid ?? typeOid;
    const serializer = serializers[type];
    const isKnown = serializer !== undefined && type !== 0;
    // In an expression only the server knows the type, and postgres.js writes arrays only of a known type.
    if (Array.isArray(value) && type === 0) return nestedLiteral(value);
    const text = serializer && isKnown ? serializer(value) : textOf(value);
    // postgres.js would throw in its socket handler, which ends the process.
    if (typeof text !== 'string')
      throw new TypeError(`can't be sent to PostgreSQL as it is: got ${typeNameOf(value)}`);
    return text;
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
    if (typeof value === 'string') return isReadByType(sqlType) ? undefined : value;
    if (typeof value === 'number') return takesNumbers(sqlType) ? `${value}` : undefined;
    return declaredType(value) && !Array.isArray(value) ? serialize(value, 0) : undefined;
  };
  return { serialize, untyped, textWriter, declaredType, isCastFromDeclared };
}

/** drizzle has postgres.js pass on every value for these types, and postgres.js refuses what is no string. */
const textOnly = /^(json|date|time|interval)/;

function takesNumbers(sqlType: string | undefined): boolean {
  return !isReadByType(sqlType) && !(sqlType !== undefined && textOnly.test(sqlType));
}

/** A string for such a column is not its own text: postgres.js writes `'true'` for a boolean as false. */
function isReadByType(sqlType: string | undefined): boolean {
  return sqlType === 'boolean' || sqlType === 'bool' || sqlType === 'bytea';
}

function typeNameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return value.constructor?.name ?? 'an object';
}
