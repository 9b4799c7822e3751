import { basename } from 'node:path';
import { beforeEach, expect } from 'vitest';
import { driver } from './chosen.ts';
import { failing } from './not-shared.ts';

beforeEach(({ skip }) => {
  const { testPath = '', currentTestName } = expect.getState();
  const reason = failing[driver.name]?.[`${basename(testPath)}: ${currentTestName}`];
  skip(reason !== undefined, reason);
});
