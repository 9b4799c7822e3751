/** The picture of the README: what plain drizzle does and what ours does, from real traces, as one SVG. */
import { escapeText } from '../../cli/src/trace/page/html.ts';
import { type Bar, layOut, type Span, spanOf } from '../../cli/src/trace/page/lanes.ts';
import type { Run } from '../../cli/src/trace/page/page.ts';
import { counted } from '../../cli/src/trace/words.ts';

/** The whole picture, and where its bars begin. */
const [width, left, right] = [960, 330, 940];
const [laneHeight, barHeight] = [24, 14];

/** Draws runs below one another, on the scale of the longest. */
export function drawPicture(runs: readonly Run[]): string {
  const spans = runs.map(({ trace }) => spanOf(trace.trips));
  const ms = Math.max(...spans.map((span) => span.ms));
  const parts: string[] = [];
  let y = 8;
  for (const [index, run] of runs.entries()) {
    const drawn = drawRun(run, { from: (spans[index] as Span).from, ms }, y);
    parts.push(drawn.svg);
    y += drawn.height + 14;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">`,
    '<title>Round trips in time</title>',
    `<style>${style}</style>`,
    `<rect class="paper" width="${width}" height="${y}" rx="8"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const style = [
  'text{font:12px system-ui,sans-serif;fill:#1c1e21}.head{font-weight:600;font-size:14px}.soft{fill:#5d6470}',
  '.paper{fill:#fff;stroke:#e3e6ea}.track{fill:#f3f5f7}',
  '.statements{fill:#2a78d0}.further{fill:#c77a12}.ends{fill:#7656c2}.connecting{fill:#8b939e}',
].join('');

function drawRun({ title, trace }: Run, span: Span, top: number): { svg: string; height: number } {
  const lanes = layOut(trace.trips, span);
  const seconds = (spanOf(trace.trips).ms / 1_000).toFixed(2);
  const sums = `${counted(trace.trips.length, 'round trip')}, ${seconds} s`;
  const head = `<text class="head" x="20" y="${top + 20}">${escapeText(title)}: ${sums}</text>`;
  const rows = lanes.map(({ what, trips, bars }, index) => {
    const y = top + 32 + index * laneHeight;
    return [
      `<text class="soft" x="20" y="${y + 11}">${escapeText(what)}</text>`,
      `<text class="soft" x="${left - 12}" y="${y + 11}" text-anchor="end">${trips}</text>`,
      `<rect class="track" x="${left}" y="${y}" width="${right - left}" height="${barHeight}"/>`,
      ...bars.map((bar) => drawBar(bar, y)),
    ].join('');
  });
  return { svg: [head, ...rows].join('\n'), height: 32 + lanes.length * laneHeight };
}

function drawBar({ kind, from, to }: Bar, y: number): string {
  const x = left + from * (right - left);
  const w = Math.max((to - from) * (right - left), 1);
  return `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${w.toFixed(1)}" height="${barHeight}"/>`;
}
