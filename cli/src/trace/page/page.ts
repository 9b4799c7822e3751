/** The waterfall as one file of HTML, without scripts and without a network. */
import { groupBy } from '../group-by.ts';
import { describeSaving } from '../report.ts';
import { groupTrips, ownTrips, summarize, summarizeGroup } from '../summary.ts';
import type { Trace, TracedTrip } from '../trace.ts';
import { counted, milliseconds } from '../words.ts';
import { escapeText } from './html.ts';
import { type Span, spanOf } from './lanes.ts';
import { drawPanel } from './panel.ts';
import { style } from './style.ts';

/** A program, or one of several that are compared. */
export interface Run {
  readonly title: string;
  readonly trace: Trace;
}

/** Draws runs below one another. Several have one scale, so that their times can be compared. */
export function drawPage(runs: readonly Run[]): string {
  const [first] = runs;
  const title = runs.length === 1 && first ? first.title : 'Round trips, compared';
  const longest = Math.max(...runs.map(({ trace }) => longestUnit(trace.trips)));
  const scale = runs.length > 1 ? longest : undefined;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeText(title)}</h1>
<p>Each bar is a round trip to PostgreSQL, from the first byte sent to the last byte received, on the line of the program that
caused it.</p>
<p class="legend">${legend}</p>
${runs.map((run) => drawRun(run, runs.length > 1 ? `${run.title}: ` : '', scale)).join('\n')}
</body>
</html>
`;
}

const legend = [
  ['statements', 'statements'],
  ['further', 'a further turn: description, COPY, cursor'],
  ['ends', 'BEGIN, COMMIT, savepoints'],
  ['connecting', 'connecting'],
]
  .map(([kind, text]) => `<span><i class="${kind}"></i>${text}</span>`)
  .join(' ');

function drawRun({ trace }: Run, title: string, scale: number | undefined): string {
  const { trips, statements, waited } = summarize(trace);
  const sums = `${counted(trips, 'round trip')}, ${counted(statements, 'statement')}, ${milliseconds(waited)} ms waited`;
  const connecting = trace.trips.filter(({ kind }) => kind === 'connecting');
  return [
    `<h2>${escapeText(title)}${sums}</h2>`,
    ...groupTrips(ownTrips(trace.trips)).map((group) => drawGroup(group, scale)),
    ...(connecting.length > 0 ? [`<h3>Connecting</h3>${drawPanel(connecting, spanOf(connecting))}`] : []),
  ].join('\n');
}

/** More panels of transactions that begin at one place show little more. */
const mostPanels = 10;

function drawGroup(ofGroup: readonly TracedTrip[], scale: number | undefined): string {
  const { kind, place, transactions, trips, lines } = summarizeGroup(ofGroup);
  const name = kind === 'outside' ? 'Outside of transactions' : `Transaction at ${place}`;
  const times = transactions > 1 ? `, ${transactions} times` : '';
  const head = `<h3>${escapeText(name)}${times}: ${counted(trips, 'trip')}</h3>`;
  const units = kind === 'outside' ? [ofGroup] : [...groupBy(ofGroup, ({ unit }) => unit).values()];
  const longestFirst = units.toSorted((one, other) => spanOf(other).ms - spanOf(one).ms);
  const [longest, ...others] = longestFirst
    .slice(0, mostPanels)
    .map((unit) => drawPanel(unit, scaled(spanOf(unit), scale)));
  const savings = lines.flatMap((line) =>
    line.savings.map(
      (saving) => `<li><code>${escapeText(line.place)}</code> ${escapeText(describeSaving(saving))}</li>`,
    ),
  );
  return [
    head,
    longest ?? '',
    ...(others.length > 0
      ? [`<details><summary>${others.length} more, the longest first</summary>${others.join('')}</details>`]
      : []),
    ...(savings.length > 0 ? [`<ul>${savings.join('')}</ul>`] : []),
  ].join('\n');
}

const scaled = (span: Span, ms: number | undefined): Span => (ms === undefined ? span : { ...span, ms });

function longestUnit(trips: readonly TracedTrip[]): number {
  const units = [...groupBy(ownTrips(trips), ({ unit }) => unit).values()];
  return units.reduce((most, unit) => Math.max(most, spanOf(unit).ms), 0.001);
}
