import { BadValue } from './bad-value.ts';

/**
 * Parses a date or timestamp in the format of PostgreSQL or ISO 8601. Without a zone it is UTC, as in
 * drizzle's columns of mode 'date'. The characters are read by position: a regular expression would take as
 * long as all other work on a row.
 *
 * @throws {BadValue} for an instant that a `Date` can't hold
 */
export function parseInstant(given: string): Date {
  const text = given.trim();
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (text[4] !== '-' || text[7] !== '-') throw malformed();
  if (day < 1 || day > daysOf(year, month)) throw impossible();
  if (text.length === 10) return new Date(utc(year, month, day, 0));

  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const separator = text[10];
  if ((separator !== ' ' && separator !== 'T' && separator !== 't') || text[13] !== ':') throw malformed();
  const hasSeconds = text[16] === ':';
  const second = hasSeconds ? digits(text, 17, 2) : 0;
  if (hour > 23 || minute > 59 || second > 59) throw impossible();
  const { milliseconds, end } = fraction(text, hasSeconds ? 19 : 16);
  const zone = zoneMinutes(text.slice(end));
  const seconds = (hour * 60 + minute - zone) * 60 + second;
  const time = utc(year, month, day, seconds * 1_000 + milliseconds);
  const isISO = zone === 0 && hasSeconds;
  return isISO ? new ReadInstant(time, text, milliseconds) : new Date(time);
}

/**
 * Makes its ISO text from the parsed text, since drizzle calls only `toISOString()`. To compute it from the
 * time would take a tenth of a whole load.
 */
class ReadInstant extends Date {
  readonly #iso: string;

  constructor(time: number, text: string, milliseconds: number) {
    super(time);
    const fraction = milliseconds === 0 ? '000' : String(milliseconds).padStart(3, '0');
    this.#iso = `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction}Z`;
  }

  override toISOString(): string {
    return this.#iso;
  }
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  if (month < 1 || month > 12) return 0;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * `Date.UTC` reads years below 100 as 1900 to 1999. So we add 400 years, which are one full cycle of the
 * calendar, and subtract their days.
 */
function utc(year: number, month: number, day: number, milliseconds: number): number {
  if (year >= 100) return Date.UTC(year, month - 1, day) + milliseconds;
  return Date.UTC(year + 400, month - 1, day) - 146_097 * 86_400_000 + milliseconds;
}

function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) throw malformed();
    value = value * 10 + digit;
  }
  return value;
}

function fraction(text: string, start: number): { milliseconds: number; end: number } {
  if (text[start] !== '.') return { milliseconds: 0, end: start };
  let end = start + 1;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  for (let at = start + 4; at < end; at++) {
    if (text[at] !== '0') {
      throw new BadValue("is finer than milliseconds, which mode 'date' can't hold; mode 'string' can");
    }
  }
  return { milliseconds: Number(text.slice(start + 1, Math.min(end, start + 4)).padEnd(3, '0')), end };
}

function zoneMinutes(zone: string): number {
  if (zone === '' || zone === '+00' || zone === 'Z') return 0;
  const parts = /^ ?(?:(Z|UTC)|([+-])(\d\d)(?::?(\d\d))?)$/i.exec(zone);
  if (!parts) throw malformed();
  const [, utc, sign, hours = 0, minutes = 0] = parts;
  if (utc) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function impossible(): BadValue {
  return new BadValue('is not a day and time that exist');
}

function malformed(): BadValue {
  return new BadValue('is not a date like 2024-01-31 or 2024-01-31 23:59:59.123+00');
}
