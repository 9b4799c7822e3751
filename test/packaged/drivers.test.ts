import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { describeBothBuilds } from '../support/both-builds.ts';
import { type PackagedDriver, usePackagedDrivers } from '../support/packaged.ts';
import { useFindings } from '../support/packaged-findings.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const { environment, run, expectToWrite } = useFindings(database);

/** The program of each driver, where it finds the driver, and whether it writes to the database of the tests. */
const drivers: Readonly<Record<PackagedDriver, { program: string; module: string; writes: boolean }>> = {
  pg: { program: 'pg.ts', module: 'pg', writes: true },
  postgres: { program: 'main.ts', module: 'postgres', writes: true },
  neon: { program: 'neon.ts', module: '@neondatabase/serverless', writes: false },
  pglite: { program: 'pglite.ts', module: '@electric-sql/pglite', writes: false },
  'drizzle-1': { program: 'drizzle-1.ts', module: 'postgres', writes: true },
};
const names = Object.keys(drivers) as PackagedDriver[];
const modules = [...new Set(Object.values(drivers).map(({ module }) => module))];
const kinds = ['esm', 'cjs'] as const;

const { folders, tool } = usePackagedDrivers(names);

// Compilers take seconds, and more beside other tests.
vi.setConfig({ testTimeout: 120_000 });

/** Compiles the program as these kinds of module. */
function compile(driver: PackagedDriver, compiler: string, as: readonly string[], ...args: string[]) {
  const options = '--target es2022 --lib es2023,esnext.disposable --types node --strict --module nodenext';
  const mains = as.map((kind) => `${kind}/${drivers[driver].program}`);
  // The last of an option counts.
  return folders[driver].run([tool(`${compiler}/bin/tsc`), ...options.split(' '), ...args, ...mains]);
}

const versionOf = async (compiler: string) =>
  (await folders.pg.run([tool(`${compiler}/bin/tsc`), '--version'])).stdout;

describe.each(names)('a program that has installed of all drivers only %s', (driver) => {
  const { program, module, writes } = drivers[driver];
  const folder = folders[driver];

  test('has no other', () => {
    const installed = modules.filter((name) => existsSync(join(folder.path, 'node_modules', name)));
    expect(installed).toEqual([module]);
  });

  test('type-checks by TypeScript 5.9 and runs, as an ES module and as CommonJS', async () => {
    expect(await versionOf('typescript')).toContain('Version 5.9.');
    folder.makeKinds('out');
    await compile(driver, 'typescript', kinds, '--skipLibCheck', '--rootDir', '.', '--outDir', 'out');
    for (const kind of kinds) {
      const main = `out/${kind}/${program.replace(/ts$/, 'js')}`;
      if (writes) await expectToWrite(folder, main);
      else await run(folder, [main]);
    }
  });

  test('type-checks by TypeScript 7', async () => {
    expect(await versionOf('typescript-7')).toContain('Version 7.');
    await compile(driver, 'typescript-7', kinds, '--skipLibCheck', '--noEmit');
  });
});

// Those of the main entry are checked in `packaged.test.ts`, and those of CommonJS have the same text.
test.each(['pg', 'neon', 'pglite', 'drizzle-1'] as const)(
  'the declarations for %s have no error of their own',
  async (driver) => {
    const output = await compile(driver, 'typescript-7', ['esm'], '--noEmit').then(
      () => '',
      ({ stdout }) => stdout as string,
    );
    // drizzle's own have many.
    expect(output).toContain('node_modules/drizzle-orm/');
    expect(output.split('\n').filter((line) => line.includes('node_modules/batched-drizzle/'))).toEqual([]);
  },
);

describe.each([
  ['drizzle-1', 'batched-drizzle', 'drizzle-orm 0.45', 'import batched-drizzle/v1'],
  ['postgres', 'batched-drizzle/v1', 'drizzle-orm 1.0', 'import batched-drizzle'],
] as const)('where the program is %s, the entry %s says that it is for', (program, entry, version, other) => {
  test.each([`await import('${entry}')`, `require('${entry}')`])(`${version}: %s`, async (load) => {
    const main = `(async () => { try { ${load} } catch (error) { console.log(error.code, error.message) } })()`;
    const { stdout } = await folders[program].run(['-e', main]);
    expect(stdout).toMatch(new RegExp(`^UNSUPPORTED_DRIZZLE .*${version}, .*${other}`));
  });
});

test('a program of CommonJS type-checks by a compiler that does not know `exports`, and runs', async () => {
  const out = 'out/node10';
  folders.pg.makeKinds(out);
  const options = ['--module', 'commonjs', '--moduleResolution', 'node10', '--rootDir', '.', '--outDir', out];
  await compile('pg', 'typescript', ['cjs'], '--skipLibCheck', ...options);
  await expectToWrite(folders.pg, `${out}/cjs/pg.js`);
});

/** Makes one file of a program on pg, with its packages in it or not. */
async function bundle(main: string, format: 'esm' | 'cjs', packages: 'bundle' | 'external'): Promise<string> {
  const output = `out/esbuild/${packages}/${main.replace(/\.\w+$/, format === 'esm' ? '.mjs' : '.cjs')}`;
  const options = `--bundle --platform=node --packages=${packages} --format=${format} --outfile=${output}`;
  await folders.pg.run([tool('esbuild/bin/esbuild'), main, ...options.split(' ')]);
  return output;
}

test.each([
  ['esm/pg.ts', 'cjs', 'bundle'],
  ['esm/pg.ts', 'esm', 'external'],
  ['cjs/pg.ts', 'cjs', 'external'],
] as const)(
  'a program on pg runs when it is bundled by esbuild: %s to %s, its packages: %s',
  async (main, format, packages) => {
    await expectToWrite(folders.pg, await bundle(main, format, packages));
  },
);

describe('on pg', () => {
  const both = environment();
  describeBothBuilds(both.PREFIX, async () =>
    folders.pg.run([await bundle('esm/both-on-pg.mts', 'esm', 'external')], both),
  );
});
