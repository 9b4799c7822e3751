/**
 * drizzle: where each of its queries is built. `await` calls `then()` from a microtask, where no caller is on the stack. The
 * driver is called within `then()`, so the query's place is handed on by a variable.
 */
import type { Watch } from './watch.ts';

const place = Symbol('place');

type Constructor = new (...args: unknown[]) => object;

interface Builder {
  then(...args: unknown[]): unknown;
  readonly [place]?: number | undefined;
}

export function watchDrizzleBuilders(exported: Readonly<Record<string, unknown>>, watch: Watch): void {
  for (const found of Object.values(exported)) if (isBuilder(found)) watchBuilder(found, watch);
}

const watched = new WeakSet<object>();

function isBuilder(found: unknown): found is Constructor & { readonly prototype: Builder } {
  if (typeof found !== 'function' || typeof found.prototype?.then !== 'function' || watched.has(found))
    return false;
  watched.add(found);
  const parent = Object.getPrototypeOf(found);
  return typeof parent === 'function' && parent !== Function.prototype;
}

function watchBuilder(Builder: Constructor & { readonly prototype: Builder }, watch: Watch): void {
  const Parent: Constructor = Object.getPrototypeOf(Builder);
  // `super()` looks for its parent when it is called, so one in between sees each construction.
  class Watched extends Parent {
    constructor(...args: unknown[]) {
      super(...args);
      if (!(place in this)) Object.defineProperty(this, place, { value: watch.place(Watched as never) });
    }
  }
  Object.setPrototypeOf(Builder, Watched);
  const { then } = Builder.prototype;
  Object.defineProperty(Builder.prototype, 'then', {
    configurable: true,
    writable: true,
    value(this: Builder, ...args: unknown[]) {
      return watch.at(this[place], () => then.apply(this, args));
    },
  });
}
