import { stripVTControlCharacters } from 'node:util';
import Chartscii from 'chartscii';
import Table from 'cli-table3';
import type { Measurement } from './measure.ts';

/** The table and the chart. The factors are relative to `plain`, if it was measured. */
export function report(measurements: readonly Measurement[], plain: Measurement | undefined): string {
  return `${table(measurements, plain)}\n\n${chart(measurements)}`;
}

function table(measurements: readonly Measurement[], plain: Measurement | undefined): string {
  const rows = new Table({
    head: ['', 'round trips', 'seconds', 'rows', 'faster'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { label, roundTrips, seconds, rows: count } of measurements) {
    const factor = plain ? `${(plain.seconds / seconds).toFixed(seconds === plain.seconds ? 0 : 1)} ×` : '';
    rows.push([label, roundTrips, seconds.toFixed(3), count, factor]);
  }
  return rows.toString();
}

function chart(measurements: readonly Measurement[]): string {
  const bars = measurements.map(({ label, seconds }) => ({ label, value: Number(seconds.toFixed(3)) }));
  const drawn = new Chartscii(bars, {
    title: 'seconds',
    width: 50,
    barSize: 1,
    padding: 0,
    naked: true,
    reverse: true,
    valueLabels: true,
  }).create();
  return (process.stdout.isTTY ? drawn : stripVTControlCharacters(drawn)).trimEnd();
}
