import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arbitraryFile, differenceOf, mixed } from '../support/arbitrary-files.ts';
import { besideCopy, lacksPsql } from '../support/beside-copy.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const client = database.connect();
const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-random-'));
const { byCommand, byCopy, close } = besideCopy(client, database.url, folder);
const numRuns = Number(process.env.RANDOM_FILES ?? 50);

beforeAll(() => client.unsafe(mixed.ddl));
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

test(
  'random files are loaded as by \\copy, or refused as by \\copy',
  async ({ skip }) => {
    skip(lacksPsql !== undefined, lacksPsql);
    let loaded = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryFile, async (file) => {
        const difference = differenceOf(file);
        if (difference === 'refused') {
          expect((await byCommand(file)).rows).toBe('refused');
          return;
        }
        fc.pre(difference === undefined);
        const [command, copy] = [await byCommand(file), await byCopy(file)];
        if (copy.rows !== 'refused') loaded++;
        expect(command.rows, `${command.message}\n${copy.message}`).toEqual(copy.rows);
      }),
      { numRuns, endOnFailure: true },
    );
    // Files that both sides refuse show little.
    expect(loaded).toBeGreaterThan(numRuns / 5);
  },
  Math.max(120_000, numRuns * 4_000),
);
