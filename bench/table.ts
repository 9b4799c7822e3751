import Table from 'cli-table3';
import type { Measurement } from './measure.ts';

export interface Comparison {
  readonly title: string;
  readonly unit: 'ms' | 'µs';
  /** How many of what the title names a sample holds. */
  readonly per: number;
  /** The first is what the others are compared with. */
  readonly measurements: readonly Measurement[];
  /** Bytes of heap that each of them keeps, in their order; `undefined` where nobody has weighed it. */
  readonly bytes?: readonly (number | undefined)[];
}

export function table({ title, unit, per, measurements, bytes }: Comparison): string {
  const rows = new Table({
    head: [title, `median ${unit}`, 'min', 'max', 'samples', 'ratio', ...(bytes ? ['bytes'] : [])],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  const show = (ms: number) => ((unit === 'µs' ? ms * 1_000 : ms) / per).toFixed(2);
  const reference = median(measurements[0]?.samples ?? []);
  for (const [index, { label, samples }] of measurements.entries()) {
    rows.push([
      label,
      show(median(samples)),
      show(samples[0] ?? Number.NaN),
      show(samples.at(-1) ?? Number.NaN),
      samples.length,
      `${(median(samples) / reference).toFixed(index === 0 ? 0 : 2)} ×`,
      ...(bytes ? [bytes[index]?.toFixed(0)] : []),
    ]);
  }
  return rows.toString();
}

function median(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
