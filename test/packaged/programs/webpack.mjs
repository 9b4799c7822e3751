/** Bundles a server as frameworks do: one file of CommonJS, with or without its packages. */
import { resolve } from 'node:path';
import webpack from 'webpack';

const [entry, output, packages] = process.argv.slice(2);

const isOutside = ({ request }, callback) =>
  /^[\w@]/.test(request) && !/^\w:/.test(request) ? callback(null, `commonjs ${request}`) : callback();

webpack(
  {
    mode: 'production',
    target: 'node',
    entry: resolve(entry),
    output: { path: resolve('out/webpack'), filename: output, library: { type: 'commonjs2' } },
    // Bundlers of servers shorten names; esbuild does it faster.
    optimization: { minimize: false },
    externals: packages === 'external' ? [isOutside] : [],
  },
  (error, stats) => {
    if (error) throw error;
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },
);
