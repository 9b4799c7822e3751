/** The library as one file for each entry and kind of module, with the declarations of each. What entries share is in files of its own. */
import { rmSync } from 'node:fs';
import { defineConfig, type OutputOptions, type RolldownOptions } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

rmSync('dist', { recursive: true, force: true });

/** The entries of the package, each for one driver. */
const entries = ['index', 'node-postgres', 'neon-serverless', 'pglite'];

/** Those for drizzle 1.0. They share a core of their own, since what they import of drizzle is another version's. */
const entries1 = ['index', 'node-postgres'];

const build: RolldownOptions = {
  input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
  platform: 'node',
  // They are the program's own: a second copy would have other classes.
  external: /^(drizzle-orm|postgres|pg|@neondatabase\/serverless|@electric-sql\/pglite)(\/|$)/,
  checks: { pluginTimings: false },
  // The source map has the paths of the modules. As comments they would be a kilobyte of what a program reads.
  experimental: { attachDebugInfo: 'none' },
};

/** `#version/…` is what `src/v1/` has. `drizzle-orm` is whatever the program has installed, as in the other build. */
const build1: RolldownOptions = {
  ...build,
  input: Object.fromEntries(entries1.map((entry) => [entry, `src/v1/${entry}.ts`])),
  resolve: { conditionNames: ['drizzle-1'] },
  tsconfig: false,
};

const declarations = {
  tsconfig: 'tsconfig.build.json',
  // TypeScript 7 can't be called from JavaScript. Its command can.
  tsgo: { path: 'node_modules/typescript/bin/tsc' },
  sourcemap: true,
};

/** @param count the entries that a module of the core is needed by, at least */
const outputOf = (dir: string, count: number): OutputOptions => ({
  dir,
  // The sources are in the package.
  sourcemap: true,
  sourcemapExcludeSources: true,
  // They are in the declarations, and in the sources. Here they would be a third of what a program reads when it starts.
  comments: { jsdoc: false },
  // Lines and the names of functions and classes stay, since Node prints them when an error is not caught: the whole line of a
  // file that had but one.
  minify: {
    compress: { keepNames: { function: true, class: true } },
    mangle: { toplevel: true, keepNames: { function: true, class: true } },
    codegen: { removeWhitespace: false },
  },
  // What most entries need is one file, and what two drivers have in common another. Parts that no program waits for when it
  // starts are files of their own, and what they have in common is one. The names are the same in each build, so that a stack
  // trace or a diff of two versions of the package can be read.
  chunkFileNames: 'shared/[name].js',
  codeSplitting: {
    groups: [
      { name: 'core.d', test: /\.d\.ts$/, minShareCount: 2, priority: 2 },
      { name: 'core', tags: ['$initial'], minShareCount: count, priority: 1 },
      { name: 'drivers', tags: ['$initial'], minShareCount: 2 },
      { name: 'writing', test: /unit-of-work\/writing\.ts$/ },
      { name: 'later', minShareCount: 2 },
    ],
  },
});

// In a package of modules a file is CommonJS only by its ending.
const required: OutputOptions = {
  entryFileNames: '[name].cjs',
  chunkFileNames: 'shared/[name].cjs',
};

/** A build as ES modules, as CommonJS, and the declarations of the second. */
function kinds(build: RolldownOptions, output: OutputOptions, declarations: object): RolldownOptions[] {
  return [
    { ...build, plugins: [dts(declarations)], output: { ...output, format: 'es' } },
    { ...build, output: { ...output, ...required, format: 'cjs' } },
    {
      ...build,
      plugins: [dts({ ...declarations, emitDtsOnly: true })],
      output: { ...output, ...required, format: 'es' },
    },
  ];
}

export default defineConfig([
  ...kinds(build, outputOf('dist', entries.length - 1), declarations),
  ...kinds(build1, outputOf('dist/v1', entries1.length), {
    ...declarations,
    tsconfig: 'tsconfig.v1.build.json',
  }),
]);
