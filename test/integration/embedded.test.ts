import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const embedded = new URL('../../cli/src/embedded/start.ts', import.meta.url).href;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-test-'));
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process that has started a server and printed its URL, and then runs `code`. */
async function processWithServer(code: string): Promise<ChildProcess> {
  const source = `
    import { startEmbedded } from ${JSON.stringify(embedded)};
    const server = await startEmbedded([]);
    console.log(server.url);
    ${code}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(await dataFolders()).toHaveLength(1);
  return child;
}

const dataFolders = async () => (await readdir(folder)).filter((name) => name.startsWith('batched-drizzle-'));

test.each([
  ['that stops its server keeps its exit code', 'process.exitCode = 3; await server.stop();'],
  ['that forgets to stop its server leaves nothing behind', 'process.exit(3);'],
])('a process %s', async (_, code) => {
  const child = await processWithServer(code);
  expect(await once(child, 'exit')).toEqual([3, null]);
  expect(await dataFolders()).toEqual([]);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends server and process', async (signal) => {
  const child = await processWithServer('');
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([null, signal]);
  expect(await dataFolders()).toEqual([]);
});
