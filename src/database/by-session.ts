/** Inserts that leave as statements of drizzle's, since the program has replaced what prepares them. */
import { asError } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import type { UnitOfWork } from '../unit-of-work/unit-of-work.ts';

/** The two fields of an insert. Everything else is derived from them. */
export interface InsertParts {
  readonly entry: Entry;
  readonly unit: UnitOfWork;
}

/** An insert as drizzle executes it. */
interface Preparable {
  _prepare(): { execute(): Promise<unknown> };
}

/**
 * Tracers put a `prepareQuery` of their own on a session or on its class, and so do guards that forbid writes. As in drizzle it is
 * called for an insert that is awaited, unless a reference makes the insert a part of a batch.
 *
 * @returns `undefined` if the insert is flushed with others
 * @throws what the program's own function throws. Nothing has happened then, and the insert can be awaited again
 */
export function sendBySession(insert: InsertParts): Promise<unknown> | undefined {
  // There may be very many inserts, and for most no function need be made.
  if (!insert.unit.session.isReplaced) return undefined;
  const prepare = () => (insert as unknown as Preparable)._prepare();
  return claim(insert, () => prepareFor(insert, prepare).execute());
}

/** Prepares a statement that is an insert of the queue. What is executed meanwhile, as by a tracer, comes before the insert. */
export function prepareFor<T>({ entry, unit }: InsertParts, prepare: () => T): T {
  const outer = unit.preparing;
  unit.preparing = outer && outer.call < entry.call ? outer : entry;
  try {
    return prepare();
  } finally {
    unit.preparing = outer;
  }
}

/** Takes an insert out of its queue. @param send executes what is prepared for it */
export function claim({ entry, unit }: InsertParts, send: () => unknown): Promise<unknown> | undefined {
  if (!unit.session.isReplaced || !unit.claim(entry)) return undefined;
  try {
    conclude(entry, send());
  } catch (error) {
    entry.state = 'loose';
    throw error;
  }
  return entry.result();
}

interface Session {
  readonly unit: UnitOfWork;
  prepareQuery: unknown;
}

/** drizzle gives a nested transaction the session of the outer one, where it executes savepoints as statements. */
export function keepReplaced<T extends Session>(session: T, outer: T | undefined): T {
  const isShared = session.unit.context.driver.framing.executesSavepoints;
  if (isShared && outer && Object.hasOwn(outer, 'prepareQuery')) session.prepareQuery = outer.prepareQuery;
  return session;
}

async function conclude(entry: Entry, sent: unknown): Promise<void> {
  try {
    const value = await sent;
    entry.conclude({ value: () => value });
    remember(entry, value);
  } catch (error) {
    // A falsy value would pass for success.
    entry.conclude({ error: (error || asError(error)) as Error });
  }
}

/** Keeps what `returning()` has given, for references that are made afterwards. A tracer may have changed the rows. */
function remember(entry: Entry, rows: unknown): void {
  if (!Array.isArray(rows) || rows.length !== entry.count) return;
  for (const { path, field } of entry.returning ?? []) {
    const index = entry.shape.columns.findIndex(({ column }) => column === field);
    const encode = entry.shape.columns[index]?.encode;
    if (index < 0 || path.length > 1) continue;
    rows.forEach((returned, row) => {
      const value = returned?.[path.join()] ?? null;
      entry.rememberValue(row, index, value !== null && encode ? encode(value) : value);
    });
  }
}
