// `npm run bench` in a clean clone is one command: what only the benchmark needs is installed by its first run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const [, , script, ...args] = process.argv;

// A terminal's Ctrl-C reaches the children by itself; this process must outlive them, to give their status.
process.on('SIGINT', () => {});

if (!existsSync(path('node_modules/.package-lock.json'))) {
  console.log('Installing what the benchmark compares with, into bench/node_modules …');
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: path('.'), shell: process.platform === 'win32' });
}
// Compiled as the package is, and not by tsx while it runs: that wraps each closure, which costs ours, whose
// source it would wrap, and not the others.
run(process.execPath, [path('../node_modules/typescript/bin/tsc'), '-p', path('tsconfig.build.json')]);

const hook = new URL('resolve-pg.mjs', import.meta.url).href;
// Dates without a time zone mean the same to every driver.
run(process.execPath, ['--import', hook, path(`.build/bench/${script}`), ...args], {
  env: { ...process.env, TZ: 'UTC' },
});

function run(command, given, options) {
  const { status, signal } = spawnSync(command, given, { stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}
