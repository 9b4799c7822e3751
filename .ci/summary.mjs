// Prints "N passed, N failed" from the report that vitest wrote; nothing where the tests have not run.
import { existsSync, readFileSync } from 'node:fs';

const [, , file] = process.argv;
if (existsSync(file)) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
  // A file that could not even be loaded has failed without a test of its own.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  console.log(`${numPassedTests} passed, ${numFailedTests + broken.length} failed`);
}
