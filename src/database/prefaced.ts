/** Statements of drizzle's that wait for their turn, and for the values of their references. */
import { paramsOf, replaceParams } from '#version/drizzle/database';
import type { FlushContext } from '../context.ts';
import { DeferredValue } from '../take/deferred.ts';
import { resolveDeferred } from '../take/deferred-value.ts';
import type { Entry, Reference } from '../take/entry.ts';
import { executeInOrder, writing } from '../unit-of-work/late-writing.ts';
import { nothingNamed } from '../unit-of-work/own-statement.ts';

type Execute = (...args: unknown[]) => Promise<unknown>;

/** Executes a statement when its turn comes, with the values of its references. */
export function prefaced<Prepared extends object>(
  prepared: Prepared,
  inTurn: (run: () => Promise<unknown>, named: ReadonlySet<Entry>) => Promise<unknown>,
): Prepared {
  const statement = prepared as { execute?: Execute; all?: Execute };
  const named = entriesNamedBy(statement);
  const wrap =
    (execute: Execute): Execute =>
    (...args) =>
      inTurn(
        named === nothingNamed
          ? () => execute.apply(statement, args)
          : async () => {
              resolveReferences(statement);
              return execute.apply(statement, args);
            },
        named,
      );
  if (statement.execute) statement.execute = wrap(statement.execute);
  if (statement.all) statement.all = wrap(statement.all);
  return prepared;
}

/** Executes a statement of the database with the values of its references, and not ahead of what was called before. */
export function inOrder<Prepared extends object>(prepared: Prepared, context: FlushContext): Prepared {
  if (writing.read && entriesNamedBy(prepared) === nothingNamed) return prepared;
  return prefaced(prepared, (run) => executeInOrder(context, run));
}

/** The entries that a statement refers to; `nothingNamed` itself if there is none. */
function entriesNamedBy(statement: object): ReadonlySet<Entry> {
  const params = paramsOf(statement);
  if (!params.some(isDeferred)) return nothingNamed;
  return new Set(params.filter(isDeferred).map(({ reference }) => reference.origin.entry));
}

function resolveReferences(statement: object): void {
  replaceParams(statement, (param) => (isDeferred(param) ? resolveDeferred(param) : param));
}

function isDeferred(param: unknown): param is DeferredValue<Reference> {
  return param instanceof DeferredValue;
}
