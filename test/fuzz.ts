import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import {
  type DriverName,
  driverNamed,
  driverNames,
  projects,
  projectsOfDrizzle1,
} from './support/drivers/names.ts';

const usage = `npm run fuzz -- [--runs 5000] [--seed 42] [--driver postgres-js] [--drizzle 1]

Runs random programs on plain drizzle and on batched-drizzle, and looks for differences. There are five
families of programs: over tables with references among them, over tables that look around (policies,
triggers, functions that read tables), of statements with values of every kind, those whose awaits are
queued, and those of async functions that use one transaction at once. So many are run of each family. A tenth
as many are run once more, to count their round trips.

  --runs    how many programs of each family; default 5000
  --seed    the seed that a failed run has printed; default: a new one
  --driver  ${driverNames.join(' or ')}; default postgres-js
  --drizzle 0 or 1: the version of drizzle, which is 1.0 for postgres-js and node-postgres only; default 0
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let project: string;
  try {
    const options = {
      runs: { type: 'string', default: '5000' },
      seed: { type: 'string' },
      driver: { type: 'string', default: 'postgres-js' },
      drizzle: { type: 'string', default: '0' },
    } as const;
    const { runs, seed, driver, drizzle } = parseArgs({ args, options }).values;
    project = projectOf(driverNamed(driver), integer('--drizzle', drizzle, 0));
    process.env.FUZZ_RUNS = integer('--runs', runs, 1);
    process.env.FUZZ_SEED = integer('--seed', seed ?? String(randomInt(2 ** 31)), -(2 ** 31));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const options = { project, watch: false };
  const families = ['', '-looking', '-statements', '-queued', '-strands', '-trips'];
  const paths = families.map((family) => `test/integration/differential${family}.test.ts`);
  const vitest = await startVitest('test', paths, options);
  await vitest.close();
  const { state } = vitest;
  const failures = state.getCountOfFailedTests() + state.getUnhandledErrors().length;
  return failures === 0 ? Number(process.exitCode ?? 0) : 1;
}

function projectOf(driver: DriverName, drizzle: string): string {
  if (drizzle === '0') return projects[driver];
  if (drizzle === '1' && driver !== 'pglite') return projectsOfDrizzle1[driver];
  throw new Error(
    `--drizzle: expected 0, or 1 with postgres-js or node-postgres; got ${drizzle} with ${driver}`,
  );
}

function integer(name: string, text: string, least: number): string {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return text;
  throw new Error(`${name}: expected an integer of at least ${least}, got ${JSON.stringify(text)}`);
}
