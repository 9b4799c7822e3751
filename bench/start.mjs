// `npm run bench` is a single command even in a clean clone: its first run installs the packages that only
// the benchmark needs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const [, , script, ...args] = process.argv;

// A terminal's Ctrl-C also reaches the children. This process must outlive them to return their status.
process.on('SIGINT', () => {});

if (!existsSync(path('node_modules/.package-lock.json'))) {
  console.log('Installing what the benchmark compares with, into bench/node_modules …');
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: path('.'), shell: process.platform === 'win32' });
}
// Compiled like the package, and not run by tsx. tsx wraps each closure of its source, which would slow only
// our side.
run(process.execPath, [path('../node_modules/typescript/bin/tsc'), '-p', path('tsconfig.build.json')]);

// All drivers then read dates without a time zone as the same instant.
run(process.execPath, [path(`.build/bench/${script}`), ...args], {
  env: { ...process.env, TZ: 'UTC' },
});

function run(command, given, options) {
  const { status, signal } = spawnSync(command, given, { stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}
