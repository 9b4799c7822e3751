/** One row by itself: drizzle's own INSERT. It is planned and written once for all rows of its form. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { SelectedField } from '../drizzle/selected-field.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { FactsByTable } from '../facts/learn-facts.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { Chunk } from '../plan/chunk.ts';
import { type EncodedCell, encodeRows } from '../plan/encode-rows.ts';
import { KeyLists } from '../plan/key-lists.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from '../take/entry.ts';
import { Form } from '../take/form.ts';
import { givenColumns } from './clauses.ts';
import { Params } from './params.ts';
import { planReturning, type Returning } from './returning.ts';
import { valuesInsert } from './values.ts';
import type { Inserts } from './write-flight.ts';

/** A statement that needs no key query and no guard. */
export interface SingleRowInsert {
  readonly plan: Plan;
  readonly inserts: Inserts;
  /** Nothing is rejected: an entry with an unfit value takes the ordinary path. */
  readonly rejected?: undefined;
}

/** The statement of rows that have the same form and the same selection. */
interface Template {
  readonly text: string;
  /** The columns that are parameters, by index. */
  readonly columns: readonly number[];
  readonly returning: Returning;
}

type Templates = Map<Form, Map<readonly SelectedField[] | undefined, Template>>;

/**
 * Templates by table facts. Changed facts are a new object, so outdated templates are dropped with the old
 * one.
 */
const templates = new WeakMap<TableFacts, Templates>();

/** The most templates of a table. Without a limit, selections that are new for each insert would leak. */
const mostTemplates = 100;

/** Where the row is written. */
export interface SingleRowTarget {
  readonly connection: Pick<Connection, 'mayFollow'> | undefined;
  readonly scope: 'inside' | 'last' | 'own';
  readonly lockTimeout: string | undefined;
}

/** @returns `undefined` if the flush needs a plan */
export function singleRowInsert(
  { dialect, driver }: FlushContext,
  entries: readonly Entry[],
  facts: FactsByTable,
  target: SingleRowTarget,
): SingleRowInsert | undefined {
  const [entry] = entries;
  if (!entry || entries.length > 1 || !isPlainRow(entry, target)) return undefined;
  const { shape, returning } = entry;
  const tableFacts = facts.get(shape.table);
  if (!tableFacts || !(entry.forms instanceof Form)) return undefined;
  const { encoded, rejected } = encodeRows(entries, facts, driver.values);
  const rows = encoded.get(entry) ?? entry;
  // If the server must cast a value, the cell becomes an expression and the form differs.
  if (rejected.size > 0 || rows.forms !== entry.forms) return undefined;

  const lists = new KeyLists();
  const chunk = new Chunk(shape, tableFacts, encoded, lists, 'own', undefined);
  chunk.add(entry, 0, entry.forms);
  const ofTable = getOrInsert(templates, tableFacts, () => new Map() as Templates);
  if (ofTable.size > mostTemplates) ofTable.clear();
  const ofForm = getOrInsert(
    ofTable,
    entry.forms,
    () => new Map<readonly SelectedField[] | undefined, Template>(),
  );
  if (ofForm.size > mostTemplates) ofForm.clear();
  const template = getOrInsert(ofForm, returning, () => makeTemplate(chunk, dialect, driver.values));
  const params = template.columns.map((column: number) => paramOf(rows.cells[column] as EncodedCell));
  return {
    plan: { chunks: [chunk], lists: [], sentinelColumns: new Map(), later: [] },
    inserts: {
      statements: [{ text: template.text, params, answer: 'values', guarded: false, mayRepeat: true }],
      sent: [{ chunk, returning: template.returning }],
    },
  };
}

/** Whether the statement needs nothing around it, and only the form and the selection decide its text. */
function isPlainRow(entry: Entry, { lockTimeout, connection, scope }: SingleRowTarget): boolean {
  const { count, conflict, overriding, references, referencedColumns, returning, awaited, forms, allotted } =
    entry;
  if (entry.comment) return false;
  if (lockTimeout || (connection && !connection.mayFollow) || (scope === 'inside' && !awaited)) return false;
  if (count > 1 || conflict || overriding || references.length > 0 || referencedColumns.size > 0 || allotted)
    return false;
  return forms instanceof Form && !forms.hasExpression && (!returning || onlyColumns(returning));
}

function makeTemplate(chunk: Chunk, dialect: PgDialect, encoder: ValueEncoder): Template {
  const returning = planReturning(chunk, dialect, undefined, () => false);
  const params = new Params(encoder, chunk.shape);
  const text = valuesInsert(chunk, { dialect, params, returning, token: undefined, locked: new Set() });
  return { text, columns: givenColumns(chunk), returning };
}

function paramOf(cell: EncodedCell): string | null {
  return typeof cell === 'number' ? String(cell) : (cell as string | null);
}
