/** For which types it is certain, before a value is written, which text the server will return for it. Pure. */
import type { ColumnFacts } from '../facts/table-facts.ts';
import { jsonbText } from './jsonb-text.ts';

/** The settings of a session that change how the server reads or writes values. */
export interface SessionSettings {
  readonly timeZone: string;
  readonly dateStyle: string;
  readonly floatDigits: string;
  readonly byteaOutput: string;
  readonly encoding: string;
}

/**
 * The text that the server returns for the text that it is given; `undefined` if that is not certain.
 *
 * A text that the server refuses may have any: its row is never written.
 *
 * @param modifier the length, precision or fields of the type, as `atttypmod` has them; -1 for none
 */
type Returned = (text: string, modifier: number, settings: SessionSettings) => string | undefined;

/**
 * By the OID of the type below all domains. Each is compared with the server in `test/integration/certain-types.test.ts`.
 *
 * Not certain: intervals, arrays, ranges, network addresses, bit strings, geometry, vectors, money, `timetz`, XML, and the
 * types of extensions and users, except enums.
 */
export const certainTypes: Readonly<Record<number, Returned>> = {
  16: (text) => booleans[text],
  17: (text, _, { byteaOutput }) =>
    byteaOutput === 'hex' && /^\\x(?:[0-9a-f]{2})*$/.test(text) ? text : undefined,
  20: integer(-(2n ** 63n), 2n ** 63n - 1n),
  21: integer(-(2n ** 15n), 2n ** 15n - 1n),
  23: integer(-(2n ** 31n), 2n ** 31n - 1n),
  25: asGiven,
  114: asGiven,
  700: (text, _, { floatDigits }) =>
    Number(floatDigits) > 0 && /^(?:0|-?[1-9]\d{0,5})$/.test(text) ? text : undefined,
  701: float8,
  1042: padded,
  1043: ofLength,
  1082: date,
  1083: clock,
  1114: (text, modifier, settings) => timestamp(text.replace(/Z$/, ''), modifier, settings),
  1184: timestamptz,
  1700: numeric,
  3802: (text, _, settings) => asGiven(text, _, settings) && jsonbText(text),
  2950: (text) =>
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined,
};

/** The text that a column will return for a value that is sent as `text`; `undefined` if that is not certain. */
export function returnedText(
  text: string,
  { base, modifier, enumerated }: Pick<ColumnFacts, 'base' | 'modifier' | 'enumerated'>,
  settings: SessionSettings,
): string | undefined {
  return enumerated ? asGiven(text, modifier, settings) : certainTypes[base]?.(text, modifier, settings);
}

const booleans: Readonly<Record<string, string>> = { true: 't', t: 't', false: 'f', f: 'f' };

function integer(least: bigint, most: bigint): Returned {
  return (text) => {
    if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
    // Up to nine digits fit into any type but the smallest.
    if (text.length < 10 && most > 99_999n) return text;
    const value = BigInt(text);
    return value >= least && value <= most ? text : undefined;
  };
}

/**
 * A lone surrogate is sent as another character, and PostgreSQL has no NUL. A server with another encoding may give back other
 * characters, and count bytes.
 */
function asGiven(text: string, _: number, { encoding }: SessionSettings): string | undefined {
  if (text.includes('\0')) return undefined;
  if (/^\p{ASCII}*$/u.test(text)) return text;
  return encoding === 'UTF8' && !/\p{Surrogate}/u.test(text) ? text : undefined;
}

function ofLength(text: string, modifier: number, settings: SessionSettings): string | undefined {
  const given = asGiven(text, modifier, settings);
  return given !== undefined && (modifier === -1 || countOf(given) <= modifier - 4) ? given : undefined;
}

function padded(text: string, modifier: number, settings: SessionSettings): string | undefined {
  const fitting = ofLength(text, modifier, settings);
  if (fitting === undefined || modifier === -1) return fitting;
  return fitting + ' '.repeat(modifier - 4 - countOf(fitting));
}

/** Characters as PostgreSQL counts them. */
function countOf(text: string): number {
  return [...text].length;
}

/** Both sides write the shortest decimals that mean the number, but turn to exponents at other magnitudes. */
function float8(text: string, _: number, { floatDigits }: SessionSettings): string | undefined {
  if (!(Number(floatDigits) > 0) || !/^-?\d{1,17}(?:\.\d{1,40})?$/.test(text)) return undefined;
  const value = Number(text);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e15 ? String(value) : text === '0' ? text : undefined;
}

/** Decimals are filled up to the scale. Those that would have to be rounded are not certain. */
function numeric(text: string, modifier: number): string | undefined {
  const parts = /^-?(0|[1-9]\d{0,999})(?:\.(\d{1,999}))?$/.exec(text);
  if (!parts || /^-[0.]*$/.test(text)) return undefined;
  if (modifier === -1) return text;
  const [, whole = '', decimals = ''] = parts;
  const precision = (modifier - 4) >> 16;
  // Eleven bits with a sign. A negative scale rounds before the decimal point.
  const scale = (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
  const digits = whole === '0' ? 0 : whole.length;
  if (scale < 0 || decimals.length > scale || digits > precision - scale) return undefined;
  const sign = text.startsWith('-') ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${decimals.padEnd(scale, '0')}`;
}

/** A date as its column returns it. A time of day that an ISO string has is dropped. */
function date(text: string, _: number, { dateStyle }: SessionSettings): string | undefined {
  const day = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d:\d\d\.\d{3}Z)?$/.exec(text)?.[1];
  return day !== undefined && dateStyle.startsWith('ISO') && isDay(day) ? day : undefined;
}

function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && day >= '0001' && new Date(time).toISOString().startsWith(day);
}

/** A time of day. Zeros at the end of its fraction are dropped. */
function clock(text: string, modifier: number): string | undefined {
  const parts = /^((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (!parts) return undefined;
  const [, time = '', decimals = ''] = parts;
  const fraction = decimals.replace(/0+$/, '');
  if (fraction.length > (modifier === -1 ? 6 : modifier)) return undefined;
  return fraction === '' ? time : `${time}.${fraction}`;
}

function timestamp(text: string, modifier: number, settings: SessionSettings): string | undefined {
  const day = date(text.slice(0, 10), -1, settings);
  const time = /^[T ]/.test(text.slice(10)) ? clock(text.slice(11), modifier) : undefined;
  return day !== undefined && time !== undefined ? `${day} ${time}` : undefined;
}

const utc = /^(?:(?:Etc\/)?(?:UTC|UCT|GMT|Universal|Zulu|Greenwich))$/i;

/** The rules of other time zones are those of the server's own tables. */
function timestamptz(text: string, modifier: number, settings: SessionSettings): string | undefined {
  if (!utc.test(settings.timeZone)) return undefined;
  const moment = timestamp(text.replace(/(?:Z|\+00(?::?00)?)$/, ''), modifier, settings);
  return moment === undefined ? undefined : `${moment}+00`;
}
