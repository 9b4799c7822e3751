/**
 * Where in the program something happens: the functions on the stack that are neither Node's nor a package's. A package may build
 * its statements when none of them is on the stack, such as drizzle-seed when it is awaited. Then it is a function of that package.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Frame, PlaceLine } from '../lines.ts';

type Below = (...args: never[]) => unknown;

/** So many functions of the program are kept: the place, and who called it. */
const mostFrames = 4;
/** Most places are found near the top of the stack. A deep look costs more. */
const near = 10;
const far = 60;

/** What issues statements for others, and what runs programs: their functions are no place. */
const between =
  /^(drizzle-orm|postgres|pg|pg-[\w-]+|batched-drizzle(-cli)?|vitest|@vitest\/.*|tinypool|jest-.*|mocha|tsx)$/;

const here = dirname(fileURLToPath(import.meta.url));

export class Places {
  readonly #known = new Map<string, number>();
  readonly #own = new Map<string, boolean>();
  readonly #packaged = new Map<string, boolean>();

  constructor(
    readonly record: (line: PlaceLine) => void,
    /** Parts of paths that do not belong to the program. */
    readonly skipped: readonly string[],
  ) {}

  /** @returns the number of the place that called `below`, if a function of the program did */
  find(below: Below): number | undefined {
    const isOwn = (file: string): boolean => this.#isOwn(file);
    return this.#lookUp(below, near, isOwn) ?? this.#lookUp(below, far, isOwn);
  }

  /** @returns the number of the function of a package that called `below` */
  findInPackages(below: Below): number | undefined {
    return this.#lookUp(below, far, (file) => this.#isOfPackage(file));
  }

  /** @returns the number of a place that is known as a path and a line */
  at(site: string): number {
    const [, file = '', line] = /^(.*):(\d+)$/.exec(site) ?? [];
    return this.#number(site, () => [{ function: '', file, line: Number(line) }]);
  }

  #lookUp(below: Below, depth: number, isPlace: (file: string) => boolean): number | undefined {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = depth;
    try {
      const sites = rawFrames(below);
      const own: number[] = [];
      let key = '';
      for (let index = 0; index < sites.length && own.length < mostFrames; index++) {
        const site = sites[index] as NodeJS.CallSite;
        const file = site.getFileName();
        if (file === null || !isPlace(file)) continue;
        own.push(index);
        key += `${file}:${site.getPosition()}|`;
      }
      return own.length === 0 ? undefined : this.#number(key, () => readableFrames(below, own));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
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
    return getOrInsert(this.#own, file, () => {
      const foreign = ['node:', '/node_modules/', here, ...this.skipped];
      return !foreign.some((part) => slashed(file).includes(part));
    });
  }

  #isOfPackage(file: string): boolean {
    return getOrInsert(this.#packaged, file, () => {
      const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(slashed(file)) ?? [];
      return name !== undefined && !between.test(name);
    });
  }
}

const slashed = (path: string): string => path.replaceAll('\\', '/');

function getOrInsert<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
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
