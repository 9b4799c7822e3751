import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const usage = `npm run storm -- [--flights 5000]

Writes flights while backends are cancelled and killed and the wire is cut, and prints what came of it on one line.

  --flights  how many; default 5000
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const { flights } = parseArgs({ args, options: { flights: { type: 'string', default: '5000' } } }).values;
    if (!/^[1-9]\d{0,6}$/.test(flights)) {
      throw new Error(`--flights: expected an integer of at least 1, got ${JSON.stringify(flights)}`);
    }
    process.env.STORM_FLIGHTS = flights;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const vitest = await startVitest('test', ['test/faults/storm.test.ts'], {
    project: 'server',
    watch: false,
  });
  await vitest.close();
  const { state } = vitest;
  const failures = state.getCountOfFailedTests() + state.getUnhandledErrors().length;
  return failures === 0 ? Number(process.exitCode ?? 0) : 1;
}
