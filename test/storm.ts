import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { driverNamed, driverNames, projects } from './support/drivers/names.ts';

const usage = `npm run storm -- [--flights 5000] [--driver postgres-js]

Writes flights while backends are cancelled and killed and the wire is cut, and prints what came of it on one line.

  --flights  how many; default 5000
  --driver   ${driverNames.join(' or ')}; default postgres-js
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let project: string;
  try {
    const options = {
      flights: { type: 'string', default: '5000' },
      driver: { type: 'string', default: 'postgres-js' },
    } as const;
    const { flights, driver } = parseArgs({ args, options }).values;
    project = projects[driverNamed(driver)];
    if (!/^[1-9]\d{0,6}$/.test(flights)) {
      throw new Error(`--flights: expected an integer of at least 1, got ${JSON.stringify(flights)}`);
    }
    process.env.STORM_FLIGHTS = flights;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const vitest = await startVitest('test', ['test/faults/storm.test.ts'], {
    project,
    watch: false,
  });
  await vitest.close();
  const { state } = vitest;
  const failures = state.getCountOfFailedTests() + state.getUnhandledErrors().length;
  return failures === 0 ? Number(process.exitCode ?? 0) : 1;
}
