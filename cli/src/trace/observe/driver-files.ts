/**
 * The files of drivers and of drizzle whose classes are watched. One line at the end of each hands them over. So every copy
 * that the program loads is found, and nothing is loaded that it does not load.
 */

/** The property of `globalThis` that receives the classes. */
export const receiver = 'batched-drizzle-cli.trace';

export type Watched = 'postgresQuery' | 'pgClient' | 'pgPool' | 'drizzleBuilders';

/** @returns the line to add to a module, if it is one of those files */
export function addedLine(url: string, format: string | undefined): string | undefined {
  if (!url.startsWith('file:') || !url.includes('/node_modules/')) return undefined;
  const path = url.replace(/[?#].*$/, '');
  const isModule = format === 'module';
  if (isModule && path.endsWith('/postgres/src/query.js')) return hand('postgresQuery', 'Query');
  if (path.endsWith('/postgres/cjs/src/query.js')) return hand('postgresQuery', 'module.exports.Query');
  if (path.endsWith('/pg/lib/client.js')) return hand('pgClient', 'module.exports');
  if (path.endsWith('/pg-pool/index.js')) return hand('pgPool', 'module.exports');
  const builder = /\/drizzle-orm\/pg-core\/query-builders\/([\w-]+)\.(c?js)$/.exec(path);
  if (builder?.[2] === 'cjs') return hand('drizzleBuilders', 'module.exports');
  if (!builder || !isModule || builder[1] === 'index') return undefined;
  return `\nimport * as $traced from "./${builder[1]}.js";${hand('drizzleBuilders', '$traced')}`;
}

function hand(watched: Watched, what: string): string {
  return `\n;globalThis[Symbol.for("${receiver}")]?.${watched}(${what});\n`;
}

/** @returns the source with its line, if it is such a file and does not have it yet */
export function withLine(source: string, url: string, format: string | undefined): string {
  const line = addedLine(url, format);
  return line === undefined || source.includes(receiver) ? source : source + line;
}
