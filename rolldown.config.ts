/** The library as one file for each kind of module, with the declarations of each. */
import { rmSync } from 'node:fs';
import { defineConfig, type RolldownOptions } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

rmSync('dist', { recursive: true, force: true });

const build: RolldownOptions = {
  input: 'src/index.ts',
  platform: 'node',
  // They are the program's own: a second copy would have other classes.
  external: /^(drizzle-orm|postgres)(\/|$)/,
  checks: { pluginTimings: false },
};

const declarations = {
  tsconfig: 'tsconfig.build.json',
  // TypeScript 7 can't be called from JavaScript. Its command can.
  tsgo: { path: 'node_modules/typescript/bin/tsc' },
  sourcemap: true,
};

// The sources are in the package.
const output = { dir: 'dist', sourcemap: true, sourcemapExcludeSources: true };
const required = { ...output, entryFileNames: '[name].cjs' };

export default defineConfig([
  { ...build, plugins: [dts(declarations)], output: { ...output, format: 'es' } },
  { ...build, output: { ...required, format: 'cjs' } },
  { ...build, plugins: [dts({ ...declarations, emitDtsOnly: true })], output: { ...required, format: 'es' } },
]);
