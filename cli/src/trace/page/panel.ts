/** The waterfall of some trips: a lane for each line, bars in time, and the time below. */
import type { TracedTrip } from '../trace.ts';
import { counted, milliseconds } from '../words.ts';
import { escapeText } from './html.ts';
import { type Bar, type Lane, layOut, type Span } from './lanes.ts';

/** The width of a drawing in its own units. It is stretched to the width of the page. */
const width = 1_000;
/** What is shorter than this is drawn so wide, in those units. */
const leastWidth = 1.2;
const height = 14;

export function drawPanel(trips: readonly TracedTrip[], span: Span): string {
  const lanes = layOut(trips, span).map(drawLane);
  return `<div class="panel">\n${lanes.join('\n')}\n${drawTimes(span)}\n</div>`;
}

function drawLane({ place, what, trips, statements, bars }: Lane): string {
  const numbers = `${counted(trips, 'trip')}${statements > 0 ? `, ${counted(statements, 'statement')}` : ''}`;
  const drawing = [
    `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${numbers}">`,
    ...bars.map(drawBar),
    '</svg>',
  ];
  return [
    `<div class="lane"><div class="label"><code>${escapeText(place)}</code>`,
    `<span>${escapeText(what === '' ? numbers : `${what} · ${numbers}`)}</span></div>`,
    `${drawing.join('')}</div>`,
  ].join('');
}

function drawBar({ kind, from, to, trips, at, ms, what }: Bar): string {
  const x = Math.min(from * width, width - leastWidth);
  // A gap is left between bars that follow one another.
  const w = Math.max((to - from) * width - leastWidth / 2, leastWidth);
  const time = `at ${milliseconds(at)} ms`;
  const title =
    trips > 1 ? `${trips} trips from ${time.slice(3)} on` : `${what}, ${time}: ${milliseconds(ms)} ms`;
  const box = `x="${x.toFixed(1)}" width="${w.toFixed(1)}" height="${height}"`;
  return `<rect class="${kind}" ${box}><title>${escapeText(title)}</title></rect>`;
}

const marks = [0, 0.25, 0.5, 0.75, 1];

function drawTimes({ ms }: Span): string {
  const times = marks.map((mark) => `<span>${milliseconds(mark * ms)}${mark === 1 ? ' ms' : ''}</span>`);
  return `<div class="lane times"><div class="label"></div><div>${times.join('')}</div></div>`;
}
