/** Where in the program something happens: the functions on the stack that are neither Node's nor a package's. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Frame, PlaceLine } from '../lines.ts';

type Below = (...args: never[]) => unknown;

/** So many functions of the program are kept: the place, and who called it. */
const mostFrames = 4;
/** Most places are found near the top of the stack. A deep look costs more. */
const depths = [10, 60];

const here = dirname(fileURLToPath(import.meta.url));

export class Places {
  readonly #known = new Map<string, number>();
  readonly #own = new Map<string, boolean>();

  constructor(
    readonly record: (line: PlaceLine) => void,
    /** Parts of paths that do not belong to the program. */
    readonly skipped: readonly string[],
  ) {}

  /** @returns the number of the place that called `below`, if a function of the program did */
  find(below: Below): number | undefined {
    const { stackTraceLimit } = Error;
    try {
      for (const depth of depths) {
        Error.stackTraceLimit = depth;
        const place = this.#lookUp(below);
        if (place !== undefined) return place;
      }
      return undefined;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** @returns the number of a place that is known as a path and a line */
  at(site: string): number {
    const [, file = '', line] = /^(.*):(\d+)$/.exec(site) ?? [];
    return this.#number(site, () => [{ function: '', file, line: Number(line) }]);
  }

  #lookUp(below: Below): number | undefined {
    const sites = rawFrames(below);
    const own: number[] = [];
    let key = '';
    for (let index = 0; index < sites.length && own.length < mostFrames; index++) {
      const site = sites[index] as NodeJS.CallSite;
      const file = site.getFileName();
      if (file === null || !this.#isOwn(file)) continue;
      own.push(index);
      key += `${file}:${site.getPosition()}|`;
    }
    if (own.length === 0) return undefined;
    return this.#number(key, () => readableFrames(below, own));
  }

  #number(key: string, framesOf: () => readonly Frame[]): number {
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const id = this.#known.size + 1;
    this.#known.set(key, id);
    this.record({ kind: 'place', id, frames: framesOf() });
    return id;
  }

  #isOwn(file: string): boolean {
    let isOwn = this.#own.get(file);
    if (isOwn === undefined) {
      const foreign = ['node:', '/node_modules/', here, ...this.skipped];
      const path = file.replaceAll('\\', '/');
      isOwn = !foreign.some((part) => path.includes(part));
      this.#own.set(file, isOwn);
    }
    return isOwn;
  }
}

function rawFrames(below: Below): readonly NodeJS.CallSite[] {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_, sites) => sites;
  try {
    const { stack } = capture(below);
    return Array.isArray(stack) ? stack : [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** The text of a stack has the lines of the sources, by the source maps of Node, tsx or the test runner. */
function readableFrames(below: Below, own: readonly number[]): Frame[] {
  const { stack } = capture(below);
  const lines = String(stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return own.map((index) => readFrame(lines[index] ?? ''));
}

function capture(below: Below): { readonly stack?: unknown } {
  const box: { stack?: unknown } = {};
  Error.captureStackTrace(box, below);
  // It is made when it is read for the first time.
  return { stack: box.stack };
}

function readFrame(line: string): Frame {
  const text = line.trim().replace(/^at (?:async )?/, '');
  const parts = /^(?:(.*?) \()?(.*?):(\d+):\d+\)?$/.exec(text);
  if (!parts) return { function: text, file: '', line: 0 };
  const [, name = '', path = '', row] = parts;
  const file = path.startsWith('file:') ? fileURLToPath(path) : path;
  return { function: name, file, line: Number(row) };
}
