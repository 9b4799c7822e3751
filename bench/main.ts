import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchOptions, readArgs, usage } from './args.ts';
import { fallenRatios, findWorse } from './check.ts';
import { chosenPlan } from './chosen-plan.ts';
import { UsageError } from './demo/args.ts';
import { runProgram } from './demo/program.ts';
import { folder } from './folder.ts';
import { fullPlan, ofCells, ofSides, type Plan, quickPlan, renewPlan } from './plan.ts';
import { renew } from './renew.ts';
import { repeat } from './repeat.ts';
import type { Results } from './results.ts';
import { run } from './run.ts';
import { showTransactions } from './show.ts';

const results = (name: string) => fileURLToPath(new URL(`results/${name}`, folder));
process.exitCode = await runProgram(usage, async (signal) => {
  const options = readArgs(process.argv.slice(2));
  if (options === 'help') console.log(usage.trimEnd());
  else if (options.renew) await renews(options, signal);
  else if (options.repeat > 0) await repeats(options, signal);
  else return bench(options, signal);
  return 0;
});

async function bench(options: BenchOptions, signal: AbortSignal): Promise<number> {
  const committed = options.check === undefined ? undefined : await readResults('--check', options.check);
  const { plan, mode } = planOf(options);
  const made = await run(plan, mode, signal);
  const transactions = showTransactions(made);
  if (transactions !== '') console.log(transactions);
  console.log('\nEvery id that was given back was found on the row that it was given for.');
  const file = options.json ?? (mode === 'full' ? results('full.json') : undefined);
  if (file !== undefined) await write(file, made);
  if (!committed) return 0;
  const fallen = fallenRatios(made, committed).map(({ cell }) => cell);
  if (fallen.length > 0) console.log('\nMeasured again, since other work may have disturbed it:');
  // Other work on the machine may disturb all runs of a cell, but seldom twice.
  const cells = fallen.length > 0 ? (await run(ofCells(plan, fallen), mode, signal)).cells : [];
  const worse = findWorse({ ...made, cells }, committed);
  for (const line of worse) console.error(`Worse than committed: ${line}`);
  if (worse.length === 0) console.log(`Nothing is worse than in ${options.check}.`);
  return worse.length === 0 ? 0 : 1;
}

function planOf({ quick, jobs, sides, rows, latencies }: BenchOptions): {
  plan: Plan;
  mode: Results['mode'];
} {
  if (jobs.length + rows.length + latencies.length > 0) {
    return { plan: chosenPlan({ jobs, sides, sizes: rows, latencies }), mode: 'chosen' };
  }
  const plan = quick ? quickPlan() : fullPlan();
  if (sides.length === 0) return { plan, mode: quick ? 'quick' : 'full' };
  return { plan: ofSides(plan, sides), mode: 'chosen' };
}

async function renews({ jobs }: BenchOptions, signal: AbortSignal): Promise<void> {
  const file = results('full.json');
  const earlier = await readResults('--renew', file);
  await write(file, renew(earlier, await run(renewPlan(jobs), 'full', signal)));
}

async function repeats({ repeat: times, json }: BenchOptions, signal: AbortSignal): Promise<void> {
  const found = await repeat(times, signal, (line) => console.log(line));
  for (const { cell, side, ratios, median, astray } of found) {
    const shown = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
    console.log(
      `${cell}, ${side}: median ${median.toFixed(2)}, ${astray} of ${ratios.length} astray: ${shown}`,
    );
  }
  await write(json ?? results('repeats.json'), found);
}

async function readResults(option: string, file: string): Promise<Results> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

async function write(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  console.log(`Written to ${file}`);
}
