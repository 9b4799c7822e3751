/** Values → text, as PGlite does when it binds. It declares no types: the server infers all of them. */
import { types } from '@electric-sql/pglite';
import { arrayLiteral, textOf } from '../driver/text.ts';
import type { ValueEncoder } from '../driver/values.ts';

type Serializers = Readonly<Record<number | string, ((value: never) => unknown) | undefined>>;

/** @param serializersOf asked each time: PGlite adds those of arrays when it has started */
export function pgliteValues(serializersOf: () => Serializers | undefined): ValueEncoder {
  const needsTypes = ownSerializers(serializersOf);
  const serialize = (value: unknown, typeOid: number): string | null =>
    typeOid === 0 ? withoutType(value) : serializeBy(serializersOf()?.[typeOid], value);
  const untyped = (value: unknown, sqlType: string | undefined): string | undefined =>
    needsTypes() ? undefined : untypedText(value, sqlType);
  const textWriter = (typeOid: number): ((value: string | number) => string | null) | undefined => {
    const serializer = serializersOf()?.[typeOid];
    return !serializer || unchanging.has(serializer) ? undefined : (value) => serializeBy(serializer, value);
  };
  return {
    serialize,
    untyped,
    textWriter,
    declaredType: () => undefined,
    isCastFromDeclared: () => false,
    // PGlite writes NULL. What a mapping has lost is refused all the same.
    undefinedIsNull: false,
  };
}

const text = 25;
const int4 = 23;
const int8 = 20;
const arrayOfInt4 = 1007;

const defaults: Serializers = types.serializers;

/** Serialisers that write a text or a number as `String()` does. */
const unchanging = new Set<unknown>([text, int4, int8].map((typeOid) => defaults[typeOid]));

/**
 * The text of a value for a parameter of that type; `null` if the serialiser gives that, which PGlite sends as NULL.
 *
 * @throws {TypeError} if it gives neither; PGlite would throw when it writes it
 */
export function serializeBy(serializer: Serializers[number], value: unknown): string | null {
  const written = serializer ? serializer(value as never) : (value as object).toString();
  if (typeof written === 'string' || written === null) return written;
  throw new TypeError(`a serialiser must return a string, got ${typeof written}`);
}

/** Asked where the server's type is not known, as in an expression, and for the texts in errors. */
function withoutType(value: unknown): string {
  if (Array.isArray(value))
    return arrayLiteral(value.map((each) => (each === null ? null : withoutType(each))));
  return untypedText(value, undefined) ?? textOf(value);
}

/**
 * | value | PGlite's text depends on | without the server's type |
 * | --- | --- | --- |
 * | string | the type: it reads booleans, and refuses bytea | its own text, but not for these two; in an expression described |
 * | number, bigint, boolean | the type: numbers are times in milliseconds for dates | its own text, but not for boolean, json, dates, bytea |
 * | Date, bytes | the type | the text of a timestamp, or of bytea |
 * | an array, an object | the type | described |
 */
function untypedText(value: unknown, sqlType: string | undefined): string | undefined {
  switch (typeof value) {
    case 'string':
      return sqlType === undefined || isReadByType.test(sqlType) ? undefined : value;
    case 'boolean':
      return sqlType === undefined || !isWrittenByType.test(sqlType) || isBoolean.test(sqlType)
        ? String(value)
        : undefined;
    case 'number':
    case 'bigint':
      return sqlType === undefined || !isWrittenByType.test(sqlType) ? String(value) : undefined;
    default:
      if (value instanceof Date)
        return sqlType === undefined || takesDates.test(sqlType) ? value.toISOString() : undefined;
      if (value instanceof Uint8Array)
        return sqlType === undefined || sqlType === 'bytea'
          ? `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
          : undefined;
      return undefined;
  }
}

const isReadByType = /^(bool|boolean|bytea)$/;
const isBoolean = /^(bool|boolean)$/;
const isWrittenByType = /^(bool|json|date|timestamp|bytea)|\]$/;
const takesDates = /^(date|timestamp|text|varchar|char)(?!.*\])/;

/**
 * Whether the instance has serialisers that PGlite does not have by default. They can be replaced at any time, so they are looked
 * at once in a promise job: values are many.
 */
function ownSerializers(serializersOf: () => Serializers | undefined): () => boolean {
  let isKnown = false;
  let isOwn = false;
  /** PGlite makes one for each array type, all of the same text. */
  const ofArrays = new WeakSet<object>();
  const isDefault = (
    serializer: NonNullable<Serializers[number]>,
    type: string,
    arrays: unknown,
  ): boolean => {
    if (serializer === defaults[type] || ofArrays.has(serializer)) return true;
    const isOfArray = String(serializer) === String(arrays);
    if (isOfArray) ofArrays.add(serializer);
    return isOfArray;
  };
  return () => {
    if (isKnown) return isOwn;
    isKnown = true;
    queueMicrotask(() => {
      isKnown = false;
    });
    const serializers = serializersOf() ?? defaults;
    isOwn = Object.entries(serializers).some(
      ([type, serializer]) => serializer && !isDefault(serializer, type, serializers[arrayOfInt4]),
    );
    return isOwn;
  };
}
