import { basename } from 'node:path';
import { beforeEach, expect } from 'vitest';
import { driver } from '../drivers/chosen.ts';
import { notOnDrizzle1, notOnPostgresJs } from './not-shared.ts';

beforeEach(({ skip }) => {
  const { testPath = '', currentTestName } = expect.getState();
  const name = `${basename(testPath)}: ${currentTestName}`;
  const reason = notOnDrizzle1[name] ?? (driver.name === 'postgres-js' ? notOnPostgresJs[name] : undefined);
  skip(reason !== undefined, reason);
});
