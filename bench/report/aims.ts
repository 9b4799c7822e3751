import type { Results } from '../results.ts';
import { decimals, roughly } from './markdown.ts';

export interface Measured {
  readonly value: number;
  /** An addition to the value. */
  readonly note?: string;
}

/** A figure and its intended range. */
export interface Aim {
  readonly what: string;
  readonly least?: number;
  readonly most?: number;
  of(results: Results): Measured | undefined;
}

/** Counts have no decimals. */
export const figureOf = (value: number) => (Number.isInteger(value) ? decimals(value, 0) : roughly(value));

export const aimHead = ['what', 'wanted', 'measured', 'reached'];

/** The intended and the measured figures, as rows of a table. */
export function aimRows(aims: readonly Aim[], results: Results): string[][] {
  return aims.map(({ what, least, most, of }) => {
    const wanted = least === undefined ? `at most ${most}` : `at least ${least}`;
    const measured = of(results);
    if (measured === undefined) return [what, wanted, 'not measured', ''];
    const { value, note } = measured;
    const isReached = value >= (least ?? -Infinity) && value <= (most ?? Infinity);
    return [what, wanted, `${figureOf(value)}${note ? ` (${note})` : ''}`, isReached ? 'yes' : 'no'];
  });
}
