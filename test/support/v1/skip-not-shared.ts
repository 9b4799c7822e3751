import { basename } from 'node:path';
import { beforeEach, expect, inject } from 'vitest';
import type {} from '../drivers/names.ts';
import { notOnDrizzle1, notOnPostgresJs } from './not-shared.ts';

beforeEach(({ skip }) => {
  const { testPath = '', currentTestName } = expect.getState();
  const name = `${basename(testPath)}: ${currentTestName}`;
  const reason =
    notOnDrizzle1[name] ?? (inject('driver') === 'postgres-js' ? notOnPostgresJs[name] : undefined);
  skip(reason !== undefined, reason);
});
