/** The arguments of `batchedDrizzle()`, which are those of drizzle's own function, and a client. */
import type { DrizzlePgConfig } from 'drizzle-orm/pg-core';
import type { AnyRelations, EmptyRelations } from 'drizzle-orm/relations';
import type { BatchOptions } from '../../options.ts';

/** drizzle's own config, with the options of this library under `batch`. */
export type BatchedDrizzleConfig<TRelations extends AnyRelations = EmptyRelations> =
  DrizzlePgConfig<TRelations> & {
    batch?: BatchOptions;
  };

/**
 * drizzle must not see `batch`, which may be in the first argument or in the second. Nor may it see a client as the first
 * argument: it would take it for a config, find no client in it, and connect to a server on localhost.
 */
export function splitArguments(args: readonly unknown[]): { plain: readonly unknown[]; batch: unknown } {
  const [first, second] = args;
  const [given, ...rest] = isClient(first) ? [{ ...(second as object), client: first }] : args;
  const plain = [given, ...rest];
  const position = plain.findIndex(
    (arg) => typeof arg === 'object' && arg !== null && Object.hasOwn(arg, 'batch'),
  );
  if (position === -1) return { plain, batch: undefined };
  const { batch, ...config } = plain[position] as { batch: unknown };
  return { plain: plain.with(position, config), batch };
}

/** postgres.js's client is a function. That of pg has the method `query`. */
function isClient(argument: unknown): boolean {
  return typeof argument === 'function' || typeof (argument as { query?: unknown })?.query === 'function';
}
