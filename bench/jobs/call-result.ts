import { median } from '../median.ts';
import type { Measurement } from '../method/turns.ts';
import type { CallResult } from '../results.ts';

/** `per` is the number of things in a sample; the title names the thing. */
export function callResult(
  title: string,
  unit: CallResult['unit'],
  per: number,
  measurements: readonly Measurement[],
  bytes: readonly (number | undefined)[] = [],
): CallResult {
  const shown = (ms = Number.NaN) => (unit === 'µs' ? ms * 1_000 : ms) / per;
  return {
    title,
    unit,
    lines: measurements.map(({ label, samples }, n) => ({
      label,
      median: shown(median(samples)),
      min: shown(samples[0]),
      max: shown(samples.at(-1)),
      ...(bytes[n] === undefined ? {} : { bytes: bytes[n] }),
    })),
  };
}
