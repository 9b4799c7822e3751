import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInstant } from '../../../cli/src/parse-instant.ts';

test.each([
  ['2024-01-31', '2024-01-31T00:00:00.000Z'],
  ['2024-01-31 23:59', '2024-01-31T23:59:00.000Z'],
  ['2024-01-31T23:59:58Z', '2024-01-31T23:59:58.000Z'],
  ['2024-01-31 23:59:58.1+00', '2024-01-31T23:59:58.100Z'],
  ['2024-01-31 23:59:58.123000', '2024-01-31T23:59:58.123Z'],
  ['2024-01-31 23:59:58.123+05:30', '2024-01-31T18:29:58.123Z'],
  ['2024-01-31 23:59:58-0800', '2024-02-01T07:59:58.000Z'],
  [' 0099-02-28 ', '0099-02-28T00:00:00.000Z'],
])('%s is read as %s', (text, instant) => {
  expect(parseInstant(text).toISOString()).toBe(instant);
});

test.each([
  ['2024-02-30', 'is not a day and time that exist'],
  ['2023-02-29 10:00', 'is not a day and time that exist'],
  ['2024-13-01', 'is not a day and time that exist'],
  ['2024-01-31 24:00:00', 'is not a day and time that exist'],
  ['2024-01-31 23:59:58.1234', "is finer than milliseconds, which mode 'date' can't hold; mode 'string' can"],
  ['31.1.2024', 'is not a date like 2024-01-31 or 2024-01-31 23:59:59.123+00'],
  ['2024-01-31 23', 'is not a date like 2024-01-31 or 2024-01-31 23:59:59.123+00'],
  ['2024-01-31 23:59 CET', 'is not a date like 2024-01-31 or 2024-01-31 23:59:59.123+00'],
  ['', 'is not a date like 2024-01-31 or 2024-01-31 23:59:59.123+00'],
])('%s is refused: %s', (text, why) => {
  expect(() => parseInstant(text)).toThrow(why);
});

test('every instant of ISO 8601 is the one that Date reads', () => {
  const range = { min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(range), (date) => {
      const text = date.toISOString();
      expect(parseInstant(text).getTime()).toBe(date.getTime());
      expect(parseInstant(text.replace('T', ' ').replace('Z', '+00')).toISOString()).toBe(text);
    }),
  );
});
