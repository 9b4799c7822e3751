/** The arguments of `batchedDrizzle()`, which are those of drizzle's own function. */
import type { DrizzleConfig } from 'drizzle-orm';
import type { Schema } from '../drizzle/classes.ts';
import type { BatchOptions } from '../options.ts';

/** drizzle's own config, with the options of this library under `batch`. */
export interface BatchedDrizzleConfig<TSchema extends Schema = Record<string, never>>
  extends DrizzleConfig<TSchema> {
  batch?: BatchOptions;
}

/** drizzle must not see `batch`, which may be in the first argument or in the second. */
export function splitArguments(args: readonly unknown[]): { plain: readonly unknown[]; batch: unknown } {
  const position = args.findIndex(
    (arg) => typeof arg === 'object' && arg !== null && Object.hasOwn(arg, 'batch'),
  );
  if (position === -1) return { plain: args, batch: undefined };
  const { batch, ...config } = args[position] as { batch: unknown };
  return { plain: args.with(position, config), batch };
}
