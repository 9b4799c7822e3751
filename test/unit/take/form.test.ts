import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Form, Forms, Given } from '../../../src/take/form.ts';

const formOfRow = (forms: Forms, row: readonly Given[]): Form =>
  row.reduce<Form>((form, given) => form.with(given), forms.empty);

/** The row whose columns are the digits of the number in base 4. */
const rowOf = (number: number): Given[] =>
  Array.from({ length: 8 }, (_, column) => (Math.floor(number / 4 ** column) % 4) as Given);

describe('the forms of rows', () => {
  test('are the same for rows that give the same columns alike, and for no others', () => {
    const row = fc.array(fc.constantFrom(...Object.values(Given)), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const forms = new Forms();
        const made = rows.map((each) => formOfRow(forms, each));
        expect(made.map(({ columns }) => columns)).toEqual(rows);
        expect(new Set(made).size).toBe(new Set(rows.map(String)).size);
      }),
    );
  });

  test('are forgotten before they are too many, whatever rows leave out', () => {
    const forms = new Forms();
    const beginnings = new Set<Form>();
    for (let number = 0; number < 40_000; number++) {
      beginnings.add(forms.empty);
      formOfRow(forms, rowOf(number));
    }
    expect(beginnings.size).toBeGreaterThan(3);
  });

  test('stay what they were for rows that have them when they are forgotten', () => {
    const forms = new Forms();
    const { empty } = forms;
    const kept = empty.with(Given.value);
    for (let number = 0; forms.empty === empty && number < 40_000; number++) formOfRow(forms, rowOf(number));
    expect(formOfRow(forms, [Given.value])).not.toBe(kept);
    expect(empty.with(Given.value)).toBe(kept);
    expect(kept.columns).toEqual([Given.value]);
  });

  test('say whether a column of theirs is an expression', () => {
    const withLast = (given: Given) => formOfRow(new Forms(), [Given.value, given]);
    expect(Object.values(Given).filter((given) => withLast(given).hasExpression)).toEqual([Given.expression]);
    expect(withLast(Given.expression).with(Given.value).hasExpression).toBe(true);
  });
});
