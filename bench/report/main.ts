import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { folder } from '../folder.ts';
import type { Repeated } from '../repeat.ts';
import type { Results } from '../results.ts';
import { type Chart, latencyChart, sweepCharts, throughputChart } from './charts.ts';
import { between } from './markdown.ts';
import { benchSection, comparisonSection, readmeSection } from './pages.ts';
import { smallChart } from './small-chart.ts';

const at = (path: string) => new URL(path, folder);

process.exitCode = await main();

async function main(): Promise<number> {
  const measured = at('results/full.json');
  if (!existsSync(measured)) {
    console.error('bench/results/full.json is missing: `npm run bench` writes it.');
    return 1;
  }
  const results: Results = JSON.parse(await readFile(measured, 'utf8'));
  const repeated = at('results/repeats.json');
  const repeats: Repeated[] | undefined = existsSync(repeated)
    ? JSON.parse(await readFile(repeated, 'utf8'))
    : undefined;

  const latency = latencyChart(results);
  const compared = [throughputChart(results)].filter((chart) => chart !== undefined);
  const small = smallChart(results);
  const more = sweepCharts(results);
  const charts = [latency, ...compared, small, ...more].filter((chart) => chart !== undefined);
  await Promise.all(charts.map(writeChart));
  await rewrite('README.md', readmeSection(results, latency));
  await rewrite('docs/benchmark.md', comparisonSection(results, compared, small));
  await rewrite('bench/README.md', benchSection(results, more, repeats));
  return 0;
}

async function writeChart({ file, svg }: Chart): Promise<void> {
  await writeFile(at(`results/${file}`), svg);
  console.log(`bench/results/${file}`);
}

async function rewrite(file: string, section: string): Promise<void> {
  const text = await readFile(at(`../${file}`), 'utf8');
  await writeFile(at(`../${file}`), between(text, 'bench:report', section));
  console.log(file);
}
