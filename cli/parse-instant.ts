import { BadValue } from './bad-value.ts';

/**
 * A date or timestamp as PostgreSQL and ISO 8601 write it. Without a zone it is UTC, as drizzle reads and writes a
 * column in mode 'date'. Read by positions, since a regular expression takes as long as all else that is done to a row.
 *
 * @throws {BadValue} for what a `Date` can't hold
 */
export function parseInstant(given: string): Date {
  const text = given.trim();
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (text[4] !== '-' || text[7] !== '-') throw malformed();
  if (text.length === 10) return instant(year, month, day, 0, 0, 0, 0);

  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  if (!/[ Tt]/.test(text[10] as string) || text[13] !== ':') throw malformed();
  const hasSeconds = text[16] === ':';
  const second = hasSeconds ? digits(text, 17, 2) : 0;
  const { milliseconds, end } = fraction(text, hasSeconds ? 19 : 16);
  const zone = zoneMinutes(text.slice(end));
  return instant(year, month, day, hour, minute, second, milliseconds - zone * 60_000);
}

function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  rest: number,
): Date {
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  // Years below 100 are taken for those of the last century.
  if (year < 100) date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59)
    throw new BadValue('is not a day and time that exist');
  if (rest !== 0) date.setTime(date.getTime() + rest);
  return date;
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

function malformed(): BadValue {
  return new BadValue('is not a date like 2024-01-31 or 2024-01-31 23:59:59.123+00');
}
