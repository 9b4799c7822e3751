import { describe, expect, test } from 'vitest';
import { readBatchOptions } from '../../src/options.ts';

const whole = 'allowed: a whole number from 1';

test.each([
  ['batch: got null; allowed: an object of options', null],
  ['batch: got true; allowed: an object of options', true],
  ["batch: got 'fast'; allowed: an object of options", 'fast'],
  ['batch: got 500; allowed: an object of options', 500],
  ['batch: got an array; allowed: an object of options', [{ maxRows: 1 }]],
  [
    'batch.maxRow: unknown option; allowed: maxRows, maxBytes, copyRows, keys, parameters, statements, awaits, trace',
    { maxRow: 1 },
  ],
  [
    'batch.toString: unknown option; allowed: maxRows, maxBytes, copyRows, keys, parameters, statements, awaits, trace',
    { toString: 1 },
  ],
  [
    'batch.maxrows: unknown option; allowed: maxRows, maxBytes, copyRows, keys, parameters, statements, awaits, trace',
    { maxrows: undefined },
  ],
  [`batch.maxRows: got 0; ${whole}`, { maxRows: 0 }],
  [`batch.maxRows: got -1; ${whole}`, { maxRows: -1 }],
  [`batch.maxRows: got 1.5; ${whole}`, { maxRows: 1.5 }],
  [`batch.maxRows: got NaN; ${whole}`, { maxRows: Number.NaN }],
  [`batch.maxRows: got Infinity; ${whole}`, { maxRows: Number.POSITIVE_INFINITY }],
  [`batch.maxRows: got 9007199254740992; ${whole}`, { maxRows: 2 ** 53 }],
  [`batch.maxRows: got '100'; ${whole}`, { maxRows: '100' }],
  [`batch.maxRows: got null; ${whole}`, { maxRows: null }],
  [`batch.maxRows: got an array; ${whole}`, { maxRows: [1] }],
  [`batch.maxBytes: got 0; ${whole}`, { maxBytes: 0 }],
  [`batch.maxBytes: got 10; ${whole}`, { maxBytes: 10n }],
  [`batch.copyRows: got 0; ${whole}, or Infinity`, { copyRows: 0 }],
  [`batch.copyRows: got -Infinity; ${whole}, or Infinity`, { copyRows: Number.NEGATIVE_INFINITY }],
  [`batch.copyRows: got 2.5; ${whole}, or Infinity`, { copyRows: 2.5 }],
  [`batch.copyRows: got false; ${whole}, or Infinity`, { copyRows: false }],
  ["batch.keys: got 'none'; allowed: 'server' or 'client'", { keys: 'none' }],
  ["batch.keys: got true; allowed: 'server' or 'client'", { keys: true }],
  ["batch.parameters: got 'text'; allowed: 'bind' or 'describe'", { parameters: 'text' }],
  ["batch.trace: got 'yes'; allowed: true or false", { trace: 'yes' }],
  ["batch.keys: got 'none'; allowed: 'server' or 'client'", { maxRows: 1, keys: 'none' }],
])('%s', (message, given) => {
  expect(() => readBatchOptions(given)).toThrow(expect.objectContaining({ code: 'BAD_OPTION', message }));
});

describe('what is no misuse', () => {
  const defaults = {
    maxRows: 10_000,
    maxBytes: 8_388_608,
    copyRows: 10_001,
    keys: 'server',
    parameters: 'bind',
    statements: 'bind',
    awaits: 'written',
    trace: false,
  };

  test.each([undefined, {}, { maxRows: undefined, keys: undefined }])('%o gives the defaults', (given) => {
    expect(readBatchOptions(given)).toEqual(defaults);
  });

  test('an option that is given takes the place of its default', () => {
    const all = {
      ...{ maxRows: 1, maxBytes: 1, copyRows: Infinity },
      ...{ keys: 'client', parameters: 'describe', statements: 'describe', awaits: 'queued' },
      trace: true,
    };
    expect(readBatchOptions(all)).toEqual(all);
    expect(readBatchOptions({ maxRows: 5 })).toEqual({ ...defaults, maxRows: 5 });
  });
});
