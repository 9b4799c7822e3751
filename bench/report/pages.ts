import type { Way } from '../cell.ts';
import type { Repeated } from '../repeat.ts';
import type { CellResult, Environment, Results } from '../results.ts';
import { sides } from '../sides/index.ts';
import { byDriver } from './by-driver.ts';
import type { Chart } from './charts.ts';
import { decimals, image, markdownTable } from './markdown.ts';
import { notFirst } from './not-first.ts';
import { programDetails, programSummary } from './program-pages.ts';
import { sweepNote } from './sweep-notes.ts';
import {
  cellTable,
  countTable,
  memoryTable,
  profileTable,
  repeatTable,
  summary,
  sweepTable,
  threeFigures,
} from './tables.ts';
import {
  isTransactional,
  loadDetails,
  loadSummary,
  smallDetails,
  smallSummary,
} from './transaction-pages.ts';
import { tunedFor } from './tuned-for.ts';

/** The README's section: one chart, three figures, and where they were measured. */
export function readmeSection(results: Results, chart: Chart | undefined): string {
  return [
    ...(chart ? [image(chart, 'bench/results/')] : []),
    threeFigures(results),
    measuredOn(results),
  ].join('\n\n');
}

/** The section of docs/benchmark.md: every side in one table, and what the library is tuned for. */
export function comparisonSection(
  results: Results,
  charts: readonly Chart[],
  small: Chart | undefined,
): string {
  return [
    ...charts.map((chart) => image(chart, '../bench/results/')),
    '## Every side',
    summary(results),
    measuredOn(results),
    ...byDriver(results),
    '## What it is tuned for',
    tunedFor(results),
    ...smallSummary(results, small),
    ...loadSummary(results),
    ...programSummary(results),
  ].join('\n\n');
}

function measuredOn({ environment, date, renewed = [] }: Results): string {
  const later = renewed.map((at) => `; of ${at.date.slice(0, 10)}: ${at.parts.join(', ')}`).join('');
  return `Medians of one run of \`npm run bench\` on ${where(environment)}; ${date.slice(0, 10)}${later}.`;
}

/** The section of bench/README.md: everything else. */
export function benchSection(
  results: Results,
  charts: readonly Chart[],
  repeats: readonly Repeated[] | undefined,
): string {
  const { cells, calls, profiles, explained } = results;
  const plain = cells.filter(({ sweep, job }) => sweep === undefined && !isTransactional(job));
  const ahead = notFirst(results);
  return [
    '## Where it was measured',
    environmentTable(results),
    '## Where ours is not the first',
    ahead.length > 0 ? ahead.map((line) => `- ${line}`).join('\n') : 'Nowhere.',
    '## The sides',
    sides.map(({ name, what }) => `- **${name}**: ${what}.`).join('\n'),
    '## Round trips and statements',
    countTable(results),
    '## The jobs',
    ...plain.flatMap((cell) => [`### ${heading(cell)}`, cellTable(cell)]),
    ...smallDetails(results),
    ...loadDetails(results),
    ...programDetails(results),
    '## Where the time goes',
    ...profileSections(profiles),
    '## What many rows hold in memory',
    memoryTable(results.memory),
    '## The sweeps',
    ...charts.map((chart) => image(chart, 'results/')),
    ...[...new Set(cells.flatMap(({ sweep }) => sweep ?? []))].flatMap((name) => [
      `### By ${name}`,
      sweepTable(cells.filter(({ sweep }) => sweep === name)),
      ...[sweepNote(name, results)].filter((note) => note !== undefined),
    ]),
    '## What a call costs, without a server',
    ...calls.map(({ title, unit, lines }) =>
      markdownTable(
        [title, `median ${unit}`, 'min', 'max', 'bytes kept'],
        lines.map(({ label, median, min, max, bytes }) => [
          label,
          ...[median, min, max].map((value) => value.toFixed(2)),
          bytes === undefined ? '' : decimals(bytes, 0),
        ]),
      ),
    ),
    '## What the server does with our insert',
    ...explained.map(
      ({ statement, plan }) => `\`\`\`sql\n${statement}\n\`\`\`\n\n\`\`\`text\n${plan}\n\`\`\``,
    ),
    ...(repeats ? ['## How far a ratio varies', repeatSummary(repeats), repeatTable(repeats)] : []),
  ].join('\n\n');
}

function where({ processor, cores, memoryGb, node, postgres, settings }: Environment): string {
  return `${cores} × ${processor}, ${memoryGb} GB, Node ${node}, PostgreSQL ${postgres} (fsync ${settings.fsync})`;
}

function environmentTable({ environment, renewed = [] }: Results): string {
  const { settings, packages, load, server, system } = environment;
  return markdownTable(
    ['what', ''],
    [
      ['machine', `${where(environment)}, ${system}; load ${load.toFixed(2)} at the start`],
      ...renewed.map(({ date, load, parts }) => [
        `measured again on ${date.slice(0, 10)}`,
        `${parts.join(', ')}; load ${load.toFixed(2)} at the start`,
      ]),
      ['server', `started by ${server}, on the same machine as the client`],
      ['settings', list(settings)],
      ['packages', list(packages)],
    ],
  );
}

const list = (record: Readonly<Record<string, string>>) =>
  Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

function heading({ id, title, rows, latency, measuredLatency, way }: CellResult): string {
  const trip = latency === 0 ? '' : `; a bare round trip took ${measuredLatency.toFixed(1)} ms`;
  return `${id}: ${title}, ${decimals(rows, 0)} rows${trip}${way ? `; ${ways[way]}` : ''}`;
}

const ways: Readonly<Record<Way, string>> = {
  cold: 'each run on a connection that was opened just before it',
  pooler: 'through PgBouncer in transaction mode',
};

function profileSections(profiles: Results['profiles']): string[] {
  const kinds = [...new Set(profiles.map(({ job, size }) => `${job} of ${decimals(size, 0)}`))];
  return kinds.flatMap((kind) => [
    `### ${kind}`,
    profileTable(profiles.filter(({ job, size }) => `${job} of ${decimals(size, 0)}` === kind)),
  ]);
}

function repeatSummary(repeats: readonly Repeated[]): string {
  const worst = Math.max(...repeats.map(({ astray }) => astray));
  const times = repeats[0]?.ratios.length ?? 0;
  return `Of ${times} repeats of a ratio, each in a process and on a server of its own, at most ${worst} differed by more than 25 % from the median.`;
}
