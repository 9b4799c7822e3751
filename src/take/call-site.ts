/** Where in the program inserts were made, for `batch.trace`. */
import type { Entry } from './entry.ts';

const sites = new WeakMap<Entry, string>();

/** A stack that is deeper than this belongs to a framework. */
const depth = 30;

/** A frame of a package, or of Node. */
const isForeign = /\/node_modules\/|\(node:|at node:/;

/** Notes the nearest function of the program that has called `below`: `/app/src/users.ts:12`. */
export function noteCallSite(entry: Entry, below: (...args: never[]) => unknown): void {
  const { stackTraceLimit } = Error;
  const box: { stack?: string } = {};
  Error.stackTraceLimit = depth;
  Error.captureStackTrace?.(box, below);
  const { stack } = box;
  Error.stackTraceLimit = stackTraceLimit;
  const frame = stack?.split('\n').find((line) => /^\s+at /.test(line) && !isForeign.test(line));
  const site = frame && /\(?((?:file:\/\/)?[^()\s]*?:\d+):\d+\)?$/.exec(frame)?.[1];
  if (site) sites.set(entry, site.replace(/^file:\/\//, ''));
}

/** The places of these inserts, each once. */
export function callSitesOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.flatMap((entry) => sites.get(entry) ?? []))];
}
