/** Has drizzle's statements sent in one round trip. */
import type { Query } from 'drizzle-orm';
import { type ParamTypes, paramTypes } from '#version/drizzle/param-types';
import type { FlushContext } from '../context.ts';
import type { Ahead, SentStatement } from '../driver/driver.ts';
import { isHarmlessSelect } from '../drizzle/harmless-select.ts';
import { writeParts } from '../drizzle/write-parts.ts';
import { canTakeGuard, guardWrite } from '../write/begun.ts';

/** Words of statements that may change what a text means: the types of columns, or where names are looked up. Some begin one; UPDATE has `set` too. */
const changesTypes =
  /\b(alter|create|drop|reset|discard|set_config)\b|(^|;|\*\/)\s*(--[^\n]*\n\s*)*(set|do|call)\b/i;

type Wrap = (client: unknown) => unknown;

/** Makes of drizzle's client the object that sends a statement in one round trip; `undefined` if it is sent as drizzle does. */
export function senderOf(query: Query, isRaw: boolean, context: FlushContext): Wrap | undefined {
  const { driver, options } = context;
  const { sender } = driver;
  if (!sender || options.statements === 'describe') return undefined;
  return (client) => sender.call(driver, client, new SentByDrizzle(query, !isRaw, context));
}

/** Raw SQL may do anything, and so may a statement of a builder's that calls `set_config`. */
export function mayDoAnything({ sql }: Query, isOfBuilder: boolean): boolean {
  return !isOfBuilder || /\bset_config\b/i.test(sql);
}

/**
 * Has what is known of the role forgotten after a statement that may do anything, and perhaps has set another one; and the
 * types of parameters, if it may change them.
 */
export function forgetAfter(prepared: Prepared, query: Query, { driver, engine }: FlushContext): void {
  if (isHarmlessSelect(query.sql)) return;
  const mayChangeTypes = changesTypes.test(query.sql);
  const { execute } = prepared;
  prepared.execute = (...args) =>
    execute.apply(prepared, args).finally(() => {
      engine.forgetSelectable();
      if (mayChangeTypes) driver.forgetTypes();
    });
}

interface Prepared {
  execute(...args: never[]): Promise<unknown>;
}

/** What most statements are never asked is made on demand. */
class SentByDrizzle implements SentStatement {
  #ahead: Ahead | undefined;

  constructor(
    readonly query: Query,
    readonly isBuilt: boolean,
    readonly context: FlushContext,
  ) {}

  get types(): ParamTypes {
    return paramTypes(this.query);
  }

  get ahead(): Ahead | undefined {
    this.#ahead ??= this.#makeAhead();
    return this.#ahead;
  }

  #makeAhead(): Ahead | undefined {
    const { query } = this;
    const { engine, options } = this.context;
    if (isHarmlessSelect(query.sql)) return { text: query.sql, mark: undefined, ownPosition: same };
    const parts = options.keys === 'server' && !engine.refusesSettings ? writeParts(query) : undefined;
    if (!parts || !canTakeGuard(parts)) return undefined;
    return { ...guardWrite(parts), refused: (error) => engine.noteSettings(error) };
  }
}

function same(position: number): number {
  return position;
}
