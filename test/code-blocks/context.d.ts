/**
 * What a code block of the documents may use without declaring it: the names that a reader's program has. A block that
 * declares one of them uses its own.
 */
import type { Span as OneSpan } from '@opentelemetry/api';
import type { FlushMessage as Message, FlushTrace as Trace } from '../../src/index.ts';
import type * as tables from './tables.ts';

declare global {
  const batchedDrizzle: typeof import('../../src/index.ts').batchedDrizzle;
  const db: import('../../src/index.ts').BatchedDatabase<typeof tables>;
  const tx: Parameters<Parameters<typeof db.transaction>[0]>[0];
  type FlushMessage = Message;
  type FlushTrace = Trace;

  const schema: typeof tables;
  const users: typeof tables.users;
  const addresses: typeof tables.addresses;
  const accounts: typeof tables.accounts;
  const notes: typeof tables.notes;

  const postgres: typeof import('postgres');
  const Pool: typeof import('pg').Pool;
  const PGlite: typeof import('@electric-sql/pglite').PGlite;

  const name: string;
  const names: readonly string[];
  const urls: readonly string[];
  const people: readonly { name: string; emails: readonly string[] }[];
  const rejects: unknown[];
  function readUsers(): AsyncIterable<{ name: string }>;
  const log: Console;
  const metrics: { record(where: string, rows: number, ms: number): void };

  const diagnosticsChannel: typeof import('node:diagnostics_channel');
  const AsyncLocalStorage: typeof import('node:async_hooks').AsyncLocalStorage;
  const AsyncLocalStorageContextManager: typeof import('@opentelemetry/context-async-hooks').AsyncLocalStorageContextManager;
  const context: typeof import('@opentelemetry/api').context;
  const trace: typeof import('@opentelemetry/api').trace;
  const SpanStatusCode: typeof import('@opentelemetry/api').SpanStatusCode;
  type Context = import('@opentelemetry/api').Context;
  type Span = OneSpan;

  /** What a Cloudflare Worker is given. */
  interface Env {
    readonly DATABASE_URL: string;
  }

  /** The library's source names it for PGlite. It is of `lib.dom`, which has another `name`. */
  namespace WebAssembly {
    class RuntimeError extends Error {}
  }

  namespace NodeJS {
    interface ProcessEnv {
      readonly DATABASE_URL: string;
    }
  }
}
