import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { besideCopy, lacksPsql } from '../support/beside-copy.ts';
import { betterFiles, oddFiles, one, two, typed } from '../support/odd-files.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const client = database.connect();
const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-odd-'));
const { byCommand, byCopy, close } = besideCopy(client, database.url, folder);

beforeAll(async () => {
  for (const { ddl } of [one, two, typed]) await client.unsafe(ddl);
});

afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

describe('a file is loaded as by \\copy, or refused as by \\copy:', () => {
  test.for(Object.entries(oddFiles))('%s', async ([, file], { skip }) => {
    skip(lacksPsql !== undefined, lacksPsql);
    const [command, copy] = [await byCommand(file), await byCopy(file)];
    expect(command.rows, `${command.message}\n${copy.message}`).toEqual(copy.rows);
  });
});

describe('a file is treated better than by \\copy:', () => {
  test.for(Object.entries(betterFiles))('%s', async ([, { file, rows }], { skip }) => {
    expect(await byCommand(file)).toMatchObject({ rows });
    skip(lacksPsql !== undefined, lacksPsql);
    expect((await byCopy(file)).rows).not.toEqual(rows);
  });
});
