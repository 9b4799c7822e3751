/** One row by itself: drizzle's own INSERT, planned and written once for all rows of its form. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { onlyColumns, type SelectedField } from '../drizzle/selection.ts';
import type { FactsByTable } from '../facts/learn-facts.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { Chunk } from '../plan/chunk.ts';
import { type EncodedCell, encodeRows } from '../plan/encode-rows.ts';
import { KeyLists } from '../plan/key-lists.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from '../take/entry.ts';
import { Form } from '../take/form.ts';
import { Params } from './params.ts';
import { planReturning, type Returning } from './returning.ts';
import { valuesInsert } from './values.ts';
import type { Inserts } from './write-flight.ts';

/** What is sent without a key query and without a guard. */
export interface SingleRowInsert {
  readonly plan: Plan;
  readonly inserts: Inserts;
  /** None of the values is unfit. */
  readonly rejected?: undefined;
}

/** What rows of a form have in common that ask for the same. */
interface Template {
  readonly text: string;
  /** The columns that are parameters, by index. */
  readonly columns: readonly number[];
  readonly returning: Returning;
}

type Templates = Map<Form, Map<readonly SelectedField[] | undefined, Template>>;

/** Facts that have changed are others. */
const templates = new WeakMap<TableFacts, Templates>();

/** So many are remembered of a table; selections made anew for each insert would be remembered for ever. */
const mostTemplates = 100;

/** What the row is written in. */
export interface SingleRowTarget {
  readonly connection: Pick<Connection, 'hasBegun'> | undefined;
  readonly scope: 'inside' | 'last' | 'own';
  readonly lockTimeout: string | undefined;
}

/** @returns `undefined` where the flush must be planned */
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
  // A value that the server has to cast is an expression.
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
      statements: [{ text: template.text, params, answer: 'values', guarded: false }],
      sent: [{ chunk, returning: template.returning }],
    },
  };
}

/** Its statement needs nothing around it, and nothing but its form and its selection says what it is. */
function isPlainRow(entry: Entry, { lockTimeout, connection, scope }: SingleRowTarget): boolean {
  const { count, conflict, overriding, references, referencedColumns, returning, awaited, forms, allotted } =
    entry;
  if (lockTimeout || (connection && !connection.hasBegun) || (scope === 'inside' && !awaited)) return false;
  if (count > 1 || conflict || overriding || references.length > 0 || referencedColumns.size > 0 || allotted)
    return false;
  return forms instanceof Form && !forms.hasExpression && (!returning || onlyColumns(returning));
}

function makeTemplate(chunk: Chunk, dialect: PgDialect, encoder: ValueEncoder): Template {
  const returning = planReturning(chunk, dialect, undefined, () => false);
  const params = new Params(encoder);
  const text = valuesInsert(chunk, { dialect, params, returning, token: undefined });
  const columns = [...chunk.shape.columns.keys()].filter((column) => chunk.gives(column));
  return { text, columns, returning };
}

function paramOf(cell: EncodedCell): string | null {
  return typeof cell === 'number' ? String(cell) : (cell as string | null);
}
