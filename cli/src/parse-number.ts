import { BadValue } from './bad-value.ts';

const integer = /^\s*[+-]?\d+\s*$/;
const decimal = /^\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|NaN|[+-]?Infinity)\s*$/i;

/** Integers from `-limit - 1` to `limit`. */
export function integerParser(limit: number): (text: string) => number {
  return (text) => {
    if (!integer.test(text)) throw new BadValue('is not an integer');
    const value = Number(text);
    if (value > limit || value < -limit - 1) throw new BadValue(`is out of range, ${-limit - 1} to ${limit}`);
    return value;
  };
}

/** A bigint in mode 'number'. */
export function parseSafeInteger(text: string): number {
  if (!integer.test(text)) throw new BadValue('is not an integer');
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new BadValue("is beyond what mode 'number' can hold; mode 'bigint' can");
  }
  return value;
}

const int8 = 2n ** 63n;

export function parseInt8(text: string): bigint {
  const value = parseBigInteger(text);
  if (value >= int8 || value < -int8) throw new BadValue(`is out of range, ${-int8} to ${int8 - 1n}`);
  return value;
}

export function parseBigInteger(text: string): bigint {
  if (!integer.test(text)) throw new BadValue('is not an integer');
  return BigInt(text.trim().replace(/^\+/, ''));
}

export function parseFloating(text: string): number {
  return Number(
    parseDecimal(text)
      .trim()
      .replace(/^([+-]?)(?:inf)/i, '$1Inf')
      .replace(/^nan$/i, 'NaN'),
  );
}

/** A numeric in mode 'number'. */
export function parseExactNumber(text: string): number {
  const value = parseFloating(text);
  if (!isExact(text)) throw new BadValue("has more digits than mode 'number' can hold; mode 'string' can");
  return value;
}

/** A numeric stays text, so that it keeps all its digits. */
export function parseDecimal(text: string): string {
  if (!decimal.test(text)) throw new BadValue('is not a number');
  return text;
}

/** Whether a double holds all digits of the number. It does for up to 15 digits. */
export function isExact(text: string): boolean {
  const digits = text.replace(/e.*$/i, '').replaceAll(/\D/g, '').replace(/^0+/, '');
  return digits.replace(/0+$/, '').length <= 15;
}
