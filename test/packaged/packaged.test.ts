import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { describeBothBuilds } from '../support/both-builds.ts';
import { usePackaged } from '../support/packaged.ts';
import { useFindings } from '../support/packaged-findings.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const folder = usePackaged();
const { environment, run, expectToWrite } = useFindings(database);

// Compilers take seconds, and more beside other tests.
vi.setConfig({ testTimeout: 120_000 });

const expectToRun = (...args: string[]) => expectToWrite(folder, ...args);

/** Makes one file of a program, with its packages in it or not. */
async function bundle(
  main: string,
  format: 'esm' | 'cjs',
  packages: 'bundle' | 'external',
  ...more: string[]
): Promise<string> {
  const output = `out/esbuild/${packages}/${main.replace(/\.\w+$/, format === 'esm' ? '.mjs' : '.cjs')}`;
  const options = ['--bundle', '--platform=node', `--packages=${packages}`, `--format=${format}`, ...more];
  await folder.run(['node_modules/esbuild/bin/esbuild', main, ...options, `--outfile=${output}`]);
  return output;
}

function compile(compiler: string, ...args: string[]) {
  const options = '--target es2022 --lib es2023,esnext.disposable --types node --strict --rootDir .'.split(
    ' ',
  );
  return folder.run([`node_modules/${compiler}/bin/tsc`, ...options, ...args]);
}

const mains = ['esm/main.ts', 'cjs/main.ts', 'cjs/required.cts'];

const outputOf = (main: string) => main.replace(/\.(c?)ts$/, '.$1js');

describe.each([
  ['5.5', 'typescript-5.5'],
  ['5.9', 'typescript'],
  ['7', 'typescript-7'],
])('a program of ES modules and one of CommonJS, compiled by TypeScript %s,', (version, compiler) => {
  test.each(['node16', 'nodenext'])('type-check and run, with the resolution of %s', async (resolution) => {
    expect((await compile(compiler, '--version')).stdout).toContain(`Version ${version}.`);
    const out = `out/${compiler}/${resolution}`;
    folder.makeKinds(out);
    await compile(compiler, '--skipLibCheck', '--module', resolution, '--outDir', out, ...mains);
    for (const main of mains) await expectToRun(`${out}/${outputOf(main)}`);
  });

  test('type-check, and run once they are bundled, with the resolution of a bundler', async () => {
    // TypeScript 5.5 takes the imports in the declarations of what is required for those of ES modules, whatever is in them.
    const checked = version === '5.5' ? mains.slice(0, 2) : mains;
    const options = ['--module', 'preserve', '--moduleResolution', 'bundler'];
    await compile(compiler, '--skipLibCheck', '--noEmit', ...options, ...checked);
    for (const main of checked) await expectToRun(await bundle(main, 'cjs', 'bundle'));
  });
});

test('the declarations of the package have no error of their own', async () => {
  const output = await compile('typescript-7', '--noEmit', '--module', 'nodenext', ...mains).then(
    () => '',
    ({ stdout }) => stdout as string,
  );
  // drizzle's own have many.
  expect(output).toContain('node_modules/drizzle-orm/');
  expect(output.split('\n').filter((line) => line.includes('node_modules/batched-drizzle/'))).toEqual([]);
});

describe('a program', () => {
  test.each(mains)('runs by tsx: %s', async (main) => {
    await expectToRun('node_modules/tsx/dist/cli.mjs', main);
  });

  test('runs by Vitest', async () => {
    const { stdout } = await folder.run(
      ['node_modules/vitest/vitest.mjs', 'run', '--root', 'esm'],
      environment(),
    );
    expect(stdout).toMatch(/Tests .*1 passed/);
  });

  test('with a class whose dependencies are read from its decorators runs by Jest', async () => {
    const { stderr } = await folder.run(
      ['node_modules/jest/bin/jest.js', '--config', 'cjs/jest.config.json'],
      environment(),
    );
    expect(stderr).toMatch(/Tests: +3 passed, 3 total/);
  });

  const bundles: Parameters<typeof bundle>[] = [
    ['esm/main.ts', 'esm', 'bundle', '--minify'],
    ['esm/main.ts', 'esm', 'external'],
    ['cjs/main.ts', 'cjs', 'external'],
  ];
  test.each(bundles)('runs when it is bundled by esbuild: %s to %s, its packages: %s', async (...how) => {
    await expectToRun(await bundle(...how));
  });

  test.each(['bundle', 'external'])(
    'runs when it is bundled by webpack for a server, its packages: %s',
    async (packages) => {
      const server = await bundle('esm/main.ts', 'esm', 'external');
      await folder.run(['esm/webpack.mjs', server, `${packages}.cjs`, packages]);
      await expectToRun(`out/webpack/${packages}.cjs`);
    },
  );
});

test.each(['import', 'require'])(
  'the classes of the package have their names, or that of the error they stand for, by %s',
  async (how) => {
    const all = how === 'import' ? "await import('batched-drizzle')" : "require('batched-drizzle')";
    const print = `const all = ${all}; console.log(JSON.stringify(Object.keys(all).map((key) => [key, all[key].name])));`;
    const { stdout } = await folder.run([
      `--input-type=${how === 'import' ? 'module' : 'commonjs'}`,
      '-e',
      print,
    ]);
    const names: [key: string, name: string | undefined][] = JSON.parse(stdout);
    expect(names.map(([key]) => key)).toContain('LoadError');
    expect(names.filter(([key, name]) => name !== key && name !== 'DrizzleQueryError')).toEqual([]);
  },
);

const kindsOfModules = ['esm', 'cjs'];
const left = [
  { files: 'those that are imported', canWrite: false },
  { files: 'those and the code that writes', canWrite: true },
];
test.each(kindsOfModules.flatMap((kind) => left.map((left) => ({ kind, ...left }))))(
  'a program that has of its files only $files rejects what needs the others: $kind',
  async ({ kind, canWrite }) => {
    const place = `${kind}/without-${canWrite ? 'later' : 'writing'}`;
    const library = join(folder.path, place, 'node_modules/batched-drizzle');
    cpSync(join(folder.path, 'node_modules/batched-drizzle'), library, { recursive: true });
    const kept = canWrite
      ? /^(core|drivers|rolldown-runtime|writing)\./
      : /^(core|drivers|rolldown-runtime)\./;
    for (const file of readdirSync(join(library, 'dist/shared')))
      if (!kept.test(file)) rmSync(join(library, 'dist/shared', file));
    const program = join(place, 'without-later.ts');
    cpSync(join(folder.path, kind, 'without-later.ts'), join(folder.path, program));
    const env = { ...environment(), CAN_WRITE: canWrite ? 'yes' : 'no' };
    const written = await run(folder, ['node_modules/tsx/dist/cli.mjs', program], env);
    expect(written).toHaveLength(canWrite ? 3 : 0);
  },
);

const both = environment();
describeBothBuilds(both.PREFIX, async () =>
  folder.run([await bundle('esm/both.mts', 'esm', 'external')], both),
);
