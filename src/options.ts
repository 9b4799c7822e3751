import { BatchedDrizzleError } from './errors.ts';
import { ofProcess } from './process-state.ts';

/**
 * The options under `batch` in the config. Every one has a default that needs no tuning.
 *
 * @example
 * batchedDrizzle(client, { batch: { maxRows: 1_000, keys: 'client' } });
 */
export interface BatchOptions {
  /**
   * Rows that a queue holds before it flushes by itself, and the most rows of one INSERT. Default 10,000; at
   * least 1.
   */
  maxRows?: number;
  /**
   * Bytes of values that a queue holds before it flushes by itself, and the most bytes of one INSERT. An
   * estimate: strings count by their UTF-16 length. Default 8 MiB; at least 1. Rows that may be
   * split into several INSERTs are split at about 512 KiB.
   */
  maxBytes?: number;
  /**
   * A table with at least so many rows in one flush is written by COPY, if its callers need nothing but the
   * keys. COPY takes half of an INSERT's time in the server, and costs one more round trip.
   *
   * Default 10,001, the first count that does not fit into one INSERT; at least 1; `Infinity` turns COPY off.
   */
  copyRows?: number;
  /**
   * Where allocated keys are kept until their rows are written.
   *
   * - `'server'` (default) keeps them in the transaction with `set_config`, so that keys and rows leave
   *   together.
   * - `'client'` fetches them first, which costs one more round trip. It is for proxies that pin a session at
   *   `set_config`.
   */
  keys?: 'server' | 'client';
  /**
   * How parameters reach the server.
   *
   * - `'bind'` (default) sends Parse, Bind and Execute together.
   * - `'describe'` lets postgres.js describe each statement first and wait: one more round trip for each
   *   statement. It is for versions of postgres.js whose internals differ from those that `'bind'` relies on.
   */
  parameters?: 'bind' | 'describe';
  /**
   * How statements other than inserts reach the server.
   *
   * - `'bind'` (default) sends each in one round trip, where its values allow it.
   * - `'describe'` leaves them to postgres.js, which describes each first.
   */
  statements?: 'bind' | 'describe';
  /**
   * What an `await` of an insert means in a transaction. Outside of transactions it always means that the row stands.
   *
   * - `'written'` (default): the row is written.
   * - `'queued'`: the row is queued, if its answer can be known beforehand. It is written before whatever could see that it is
   *   missing. So a loop that awaits each insert takes a few round trips, and a failure is heard later: see
   *   `docs/await-in-a-loop.md`.
   */
  awaits?: 'written' | 'queued';
  /**
   * Messages about flushes have the plan of each flight, which says how each table was written and why its inserts shared no
   * statement, and the places in the program that made the inserts. A stack is captured for each insert. Default: false.
   */
  trace?: boolean;
}

/** The options that a transaction may have of its own: `db.transaction(callback, { batch })`. */
export type TransactionBatchOptions = Pick<BatchOptions, 'awaits'>;

const defaults: Required<BatchOptions> = {
  maxRows: 10_000,
  maxBytes: 8 * 1024 * 1024,
  copyRows: 10_001,
  keys: 'server',
  parameters: 'bind',
  statements: 'bind',
  awaits: 'written',
  // The command `trace` sets it for a whole process.
  trace: ofProcess('trace', () => ({ isOn: false })).isOn,
};

interface Rule {
  test(given: unknown): boolean;
  say: string;
}

const allowed: Readonly<Record<keyof BatchOptions, Rule>> = {
  maxRows: { test: isPositiveInteger, say: 'a whole number from 1' },
  maxBytes: { test: isPositiveInteger, say: 'a whole number from 1' },
  copyRows: {
    test: (given) => given === Infinity || isPositiveInteger(given),
    say: 'a whole number from 1, or Infinity',
  },
  keys: { test: (given) => given === 'server' || given === 'client', say: "'server' or 'client'" },
  parameters: { test: (given) => given === 'bind' || given === 'describe', say: "'bind' or 'describe'" },
  statements: { test: (given) => given === 'bind' || given === 'describe', say: "'bind' or 'describe'" },
  awaits: { test: (given) => given === 'written' || given === 'queued', say: "'written' or 'queued'" },
  trace: { test: (given) => typeof given === 'boolean', say: 'true or false' },
};

/**
 * The options with their defaults.
 *
 * @throws {BatchedDrizzleError} `BAD_OPTION`; the message names the key, the value given and the values
 *   allowed
 */
export function readBatchOptions(given: unknown): Required<BatchOptions> {
  return readOptions(given, defaults, allowed);
}

/**
 * The options of one transaction, with those of its database as defaults.
 *
 * @throws {BatchedDrizzleError} `BAD_OPTION`, as for `readBatchOptions`
 */
export function readTransactionOptions(
  given: unknown,
  ofDatabase: Required<BatchOptions>,
): Required<BatchOptions> {
  return readOptions(given, ofDatabase, { awaits: allowed.awaits });
}

function readOptions(
  given: unknown,
  defaults: Required<BatchOptions>,
  allowed: Partial<Record<keyof BatchOptions, Rule>>,
): Required<BatchOptions> {
  if (given === undefined) return defaults;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new BatchedDrizzleError('BAD_OPTION', `batch: got ${show(given)}; allowed: an object of options`);
  }
  for (const [key, value] of Object.entries(given)) {
    const rule = Object.hasOwn(allowed, key) ? allowed[key as keyof BatchOptions] : undefined;
    if (!rule) {
      const known = Object.keys(allowed).join(', ');
      throw new BatchedDrizzleError('BAD_OPTION', `batch.${key}: unknown option; allowed: ${known}`);
    }
    if (value !== undefined && !rule.test(value)) {
      throw new BatchedDrizzleError('BAD_OPTION', `batch.${key}: got ${show(value)}; allowed: ${rule.say}`);
    }
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}

function isPositiveInteger(given: unknown): boolean {
  return Number.isSafeInteger(given) && (given as number) >= 1;
}

function show(given: unknown): string {
  return typeof given === 'string' ? `'${given}'` : Array.isArray(given) ? 'an array' : String(given);
}
