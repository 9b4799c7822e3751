import { isDeepStrictEqual } from 'node:util';
import { driver } from '../drivers/chosen.ts';
import { resultProperties } from '../likeness.ts';
import { firstDrawn } from './tables.ts';

/**
 * Compares values of the two sides.
 *
 * Once something has failed, numbers from sequences are compared one to one and not by value, since a rollback
 * does not reset a sequence. A batch outside a transaction that was refused is sent again, and draws again.
 */
export class Likeness {
  readonly #there = new Map<number, number>();
  readonly #back = new Map<number, number>();

  constructor(readonly numbersByValue: boolean) {}

  alike(one: unknown, other: unknown): boolean {
    const [plain, ours] = [driver.comparable(one), driver.comparable(other)];
    if (isDrawn(plain) && isDrawn(ours) && !this.numbersByValue) return this.#pair(plain, ours);
    if (isNow(plain) && isNow(ours)) return typeof plain === typeof ours;
    if (Array.isArray(plain) && Array.isArray(ours)) {
      return (
        plain.length === ours.length &&
        plain.every((each, index) => this.alike(each, ours[index])) &&
        isDeepStrictEqual(resultProperties(plain), resultProperties(ours))
      );
    }
    if (isObject(plain) && isObject(ours)) {
      const names = Object.keys(plain);
      return (
        isDeepStrictEqual(names, Object.keys(ours)) &&
        names.every((name) => this.alike(plain[name], ours[name]))
      );
    }
    return isDeepStrictEqual(plain, ours);
  }

  #pair(plain: number, ours: number): boolean {
    if (sequenceOf(plain) !== sequenceOf(ours)) return false;
    if (!this.#there.has(plain) && !this.#back.has(ours)) {
      this.#there.set(plain, ours);
      this.#back.set(ours, plain);
    }
    return this.#there.get(plain) === ours;
  }
}

/** Whether a number is from a sequence, and not a time. */
const isDrawn = (value: unknown): value is number =>
  typeof value === 'number' && value >= firstDrawn && value < 2 ** 31;

const sequenceOf = (value: number): number => Math.floor(value / firstDrawn);

/** A time from the server's clock: as a text in results, and in microseconds in the tables. */
function isNow(value: unknown): boolean {
  if (typeof value === 'number') return value > 2 ** 31;
  return typeof value === 'string' && /^20[2-9]\d-\d\d-\d\d[T ]\d\d:/.test(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
