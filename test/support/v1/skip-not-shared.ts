import { basename } from 'node:path';
import { beforeEach, expect } from 'vitest';
import { notOnDrizzle1 } from './not-shared.ts';

beforeEach(({ skip }) => {
  const { testPath = '', currentTestName } = expect.getState();
  const reason = notOnDrizzle1[`${basename(testPath)}: ${currentTestName}`];
  skip(reason !== undefined, reason);
});
