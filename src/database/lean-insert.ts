/** drizzle's insert class without its constructor, for millions of objects. */
import { InsertBase, insertTag, type LeanInsertConstructor } from '#version/database/insert-base';
import { type InsertSession, insertConfig } from '../drizzle/insert.ts';
import { giveKind } from '../drizzle/kind.ts';
import { type InsertParts, sendBySession } from './by-session.ts';

/**
 * drizzle's insert without its constructor, which makes a configuration, a closure and six fields for each
 * object, some 300 bytes. Here they are getters.
 */
export const LeanInsert = withoutConstructor(InsertBase) as unknown as LeanInsertConstructor;

function withoutConstructor(base: typeof InsertBase): object {
  function Lean(): void {}
  Object.setPrototypeOf(Lean, base);
  giveKind(Lean, 'LeanInsert');
  Lean.prototype = Object.create(base.prototype, {
    constructor: { value: Lean, writable: true, configurable: true },
    ...(insertTag && { [Symbol.toStringTag]: { value: insertTag, configurable: true } }),
    config: { get: configOf, configurable: true },
    dialect: { get: dialectOfInsert, configurable: true },
    session: { get: sessionOfInsert, configurable: true },
    execute: { get: executionOf, set: replaceExecution, configurable: true },
  });
  return Lean;
}

function configOf(this: InsertParts): object {
  return insertConfig(this.entry);
}

function dialectOfInsert(this: InsertParts): unknown {
  return this.entry.shape.dialect;
}

function sessionOfInsert(this: InsertParts): InsertSession {
  return this.unit.session;
}

function executionOf(this: InsertParts | undefined): (this: unknown) => Promise<unknown> {
  const parts = this;
  return function execute(this: unknown): Promise<unknown> {
    // A spy may read `execute` off the prototype and call it on the insert. Others call it without a
    // receiver.
    const insert = parts?.unit ? parts : (this as InsertParts);
    return sendBySession(insert) ?? insert.unit.wait(insert.entry);
  };
}

/** In drizzle `execute` is a plain property, which spies replace. */
function replaceExecution(this: InsertParts, value: unknown): void {
  Object.defineProperty(this, 'execute', { value, writable: true, enumerable: true, configurable: true });
}
