/** Has drizzle's statements sent in one round trip. */
import type { Query } from 'drizzle-orm';
import { type ParamTypes, paramTypes } from '#version/drizzle/param-types';
import type { FlushContext } from '../context.ts';
import type { Ahead, SentStatement } from '../driver/driver.ts';
import { isHarmlessSelect } from '../drizzle/harmless-select.ts';
import { writeParts } from '../drizzle/write-parts.ts';
import { canTakeGuard, guardWrite } from '../write/begun.ts';

/**
 * Words of statements that may change what a text means, by the types of columns or where names are looked up; or the role, and what
 * it may do. Some begin one; UPDATE has `set` too.
 */
const changesSession =
  /\b(alter|create|drop|reset|discard|set_config|grant|revoke)\b|(^|;|\*\/)\s*(--[^\n]*\n\s*)*(set|do|call)\b/i;

type Wrap = (client: unknown) => unknown;

/** Makes of drizzle's client the object that sends a statement in one round trip; `undefined` if it is sent as drizzle does. */
export function senderOf(query: Query, context: FlushContext): Wrap | undefined {
  const { driver, options } = context;
  const { sender } = driver;
  if (!sender || options.statements === 'describe') return undefined;
  return (client) => sender.call(driver, client, new BuiltStatement(query, context));
}

/** Has the types of parameters, and what the role may select, forgotten after a statement which may change them. */
export function forgetAfter(prepared: Prepared, query: Query, { driver, engine }: FlushContext): void {
  if (!changesSession.test(query.sql)) return;
  const { execute } = prepared;
  prepared.execute = (...args) =>
    execute.apply(prepared, args).finally(() => {
      driver.forgetTypes();
      engine.forgetSelectable();
    });
}

interface Prepared {
  execute(...args: never[]): Promise<unknown>;
}

/** What most statements are never asked is made on demand. */
class BuiltStatement implements SentStatement {
  #ahead: Ahead | undefined;

  constructor(
    readonly query: Query,
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
