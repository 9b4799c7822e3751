/** The library as one file for each entry and kind of module, with the declarations of each. What entries share is in files of its own. */
import { rmSync } from 'node:fs';
import { defineConfig, type OutputOptions, type RolldownOptions } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

rmSync('dist', { recursive: true, force: true });

/** The entries of the package, each for one driver. */
const entries = ['index', 'node-postgres', 'neon-serverless', 'pglite'];

const build: RolldownOptions = {
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: 'node',
  // They are the program's own: a second copy would have other classes.
  external: /^(drizzle-orm|postgres|pg|@neondatabase\/serverless|@electric-sql\/pglite)(\/|$)/,
  checks: { pluginTimings: false },
};

const declarations = {
  tsconfig: 'tsconfig.build.json',
  // TypeScript 7 can't be called from JavaScript. Its command can.
  tsgo: { path: 'node_modules/typescript/bin/tsc' },
  sourcemap: true,
};

const output: OutputOptions = {
  dir: 'dist',
  // The sources are in the package.
  sourcemap: true,
  sourcemapExcludeSources: true,
  // They are in the declarations, and in the sources. Here they would be a third of what a program reads when it starts.
  comments: { jsdoc: false },
  // What every entry needs is one file, and what some drivers have in common another. Their names are the same in each
  // build, so that a stack trace or a diff of two versions of the package can be read.
  chunkFileNames: 'shared/[name].js',
  codeSplitting: {
    groups: [
      { name: 'core.d', test: /\.d\.ts$/, minShareCount: 2, priority: 2 },
      { name: 'core', minShareCount: entries.length, priority: 1 },
      { name: 'drivers', minShareCount: 2 },
    ],
  },
};
// In a package of modules a file is CommonJS only by its ending.
const required: OutputOptions = {
  ...output,
  entryFileNames: '[name].cjs',
  chunkFileNames: 'shared/[name].cjs',
};

export default defineConfig([
  { ...build, plugins: [dts(declarations)], output: { ...output, format: 'es' } },
  { ...build, output: { ...required, format: 'cjs' } },
  { ...build, plugins: [dts({ ...declarations, emitDtsOnly: true })], output: { ...required, format: 'es' } },
]);
