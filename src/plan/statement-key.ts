import { type ColumnFacts, columnFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { Form, formsOf, Given, type Rows } from '../take/form.ts';
import type { WayOfWriting } from './chunk.ts';
import type { ConflictKey } from './conflict-key.ts';
import type { EncodedCell } from './encode-rows.ts';
import type { Planning } from './plan-input.ts';
import type { TablePlan } from './plan-table.ts';
import { mustStandAlone } from './stands-alone.ts';

export interface Sharing {
  readonly way: WayOfWriting;
  readonly conflictKey: ConflictKey | undefined;
  /** Columns that RETURNING must provide. `undefined` if their keys are taken before the INSERT. */
  readonly nameableColumns: ReadonlySet<number> | undefined;
}

export function howToShare(
  entry: Entry,
  rows: Rows<EncodedCell>,
  table: TablePlan,
  statementKeys: StatementKeys,
  planning: Planning,
): Sharing {
  if (mustStandAlone(entry, table, planning) || !isOneStatement(entry, rows, table, statementKeys))
    return { way: 'own', conflictKey: undefined, nameableColumns: table.nameableColumns(entry) };
  const conflictKey = table.conflictKeys.get(entry);
  if (conflictKey) return { way: 'matched', conflictKey, nameableColumns: table.nameableColumns(entry) };
  // Rows of a shared statement take the keys of nameable columns before it, so RETURNING need not provide
  // them.
  return { way: table.isCopied ? 'copied' : 'shared', conflictKey: undefined, nameableColumns: undefined };
}

/** Builds the key of the statement that a row belongs to. Rows with equal keys may share a statement. */
export class StatementKeys {
  readonly #tables: ReadonlyMap<TablePlan, number>;
  readonly #keys = new Map<Form, string>();
  readonly #drawn = new Map<Form, readonly Drawn[]>();

  constructor(tables: readonly TablePlan[]) {
    this.#tables = new Map(tables.map((table, index) => [table, index]));
  }

  /** @param own the row's form as the caller gave it, before any key was allotted */
  of(entry: Entry, form: Form, own: Form, table: TablePlan, conflictKey: ConflictKey | undefined): string {
    // Only these few rows need more than their form. All others share one key a form.
    if (entry.overriding || conflictKey || own !== form || table.facts?.secured)
      return `${this.#make(entry, form, own, table)} ${conflictKey?.statementKey ?? ''}`;
    let key = this.#keys.get(form);
    if (key === undefined) {
      key = `${this.#make(entry, form, own, table)} `;
      this.#keys.set(form, key);
    }
    return key;
  }

  #make(entry: Entry, form: Form, own: Form, table: TablePlan): string {
    return `${makeStatementKey(entry, form, own, table)} ${this.#tables.get(table)}`;
  }

  /** The columns for which a row of the form takes a key. */
  drawn(form: Form, { facts, allocated }: TablePlan, shape: Entry['shape']): readonly Drawn[] {
    let drawn = this.#drawn.get(form);
    if (drawn === undefined) {
      drawn = [...allocated].flatMap((column) => {
        const ofColumn = columnFacts(facts, shape, column);
        return form.columns[column] === Given.nothing && ofColumn ? [{ column, facts: ofColumn }] : [];
      });
      this.#drawn.set(form, drawn);
    }
    return drawn;
  }
}

export interface Drawn {
  readonly column: number;
  readonly facts: ColumnFacts;
}

function makeStatementKey(
  { overriding, returning, shape }: Entry,
  form: Form,
  own: Form,
  { facts, allocated }: TablePlan,
): string {
  let key = `${overriding ? 'o' : ''}${facts?.secured && returning ? 'r' : ''} `;
  for (const [column, given] of form.columns.entries()) {
    const isAlways = columnFacts(facts, shape, column)?.always === true;
    // A value given for GENERATED ALWAYS must fail, so it can't share the OVERRIDING of allocated keys.
    const isGiven = own.columns[column] !== Given.nothing;
    if (given === Given.nothing && !allocated.has(column)) key += '-';
    else key += !isAlways ? 'v' : isGiven ? 'g' : 'k';
  }
  return key;
}

/** Whether one shared statement takes all rows of the entry. Rows may leave out different columns. */
function isOneStatement(
  entry: Entry,
  rows: Rows<EncodedCell>,
  table: TablePlan,
  statementKeys: StatementKeys,
): boolean {
  const conflictKey = table.conflictKeys.get(entry);
  if (entry.conflict && !conflictKey) return false;
  if (!entry.conflict && rows.forms instanceof Form) return true;
  const all = new Set<string>();
  for (const form of formsOf(rows)) all.add(statementKeys.of(entry, form, form, table, conflictKey));
  return all.size === 1;
}
