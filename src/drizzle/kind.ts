import { entityKind } from 'drizzle-orm';

/**
 * Gives a class that extends one of drizzle's a kind of its own.
 *
 * In drizzle 1.0 `instanceof` compares kinds, and a class without one of its own has that of drizzle's: all of drizzle's
 * objects would be instances of it. `instanceof` looks at the class again, which costs half as much.
 */
export function giveKind(extended: object, kind: string): void {
  Object.defineProperties(extended, {
    [entityKind]: { value: kind },
    [Symbol.hasInstance]: { value: Function.prototype[Symbol.hasInstance] },
  });
}
