import { type ColumnFacts, columnFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { type Form, formsOf, Given, type Rows } from '../take/form.ts';
import type { WayOfWriting } from './chunk.ts';
import type { EncodedCell } from './encode-rows.ts';
import type { Match } from './match.ts';
import type { Planning } from './plan-input.ts';
import type { TablePlan } from './plan-table.ts';
import { mustStandAlone } from './stands-alone.ts';

export interface Sharing {
  readonly way: WayOfWriting;
  readonly match: Match | undefined;
  /** Columns that must be told, where the keys of all rows that are named are not taken ahead. */
  readonly named: ReadonlySet<number> | undefined;
}

export function howToShare(
  entry: Entry,
  rows: Rows<EncodedCell>,
  table: TablePlan,
  kinds: Kinds,
  planning: Planning,
): Sharing {
  if (mustStandAlone(entry, table, planning) || !canShareConflict(entry, rows, table, kinds))
    return { way: 'own', match: undefined, named: table.named(entry) };
  const match = table.matches.get(entry);
  if (match) return { way: 'matched', match, named: table.named(entry) };
  // The keys of rows that share a statement are taken ahead, if they are named.
  return { way: table.isCopied ? 'copied' : 'shared', match: undefined, named: undefined };
}

/** Rows of one kind can be said by one statement. */
export class Kinds {
  readonly #tables: ReadonlyMap<TablePlan, number>;
  readonly #kinds = new Map<Form, string>();
  readonly #drawn = new Map<Form, readonly Drawn[]>();

  constructor(tables: readonly TablePlan[]) {
    this.#tables = new Map(tables.map((table, index) => [table, index]));
  }

  /** @param own the form that the row was given in, without keys that it has been allotted since */
  of(entry: Entry, form: Form, own: Form, table: TablePlan, match: Match | undefined): string {
    // Few entries ask for more than their form tells.
    if (entry.overriding || match || own !== form || table.facts?.secured)
      return `${kindOf(entry, form, own, table)} ${this.#tables.get(table)} ${match?.kind ?? ''}`;
    let kind = this.#kinds.get(form);
    if (kind === undefined) {
      kind = `${kindOf(entry, form, own, table)} ${this.#tables.get(table)} `;
      this.#kinds.set(form, kind);
    }
    return kind;
  }

  /** The columns whose keys a row of the form is given. */
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

function kindOf(
  { overriding, returning, shape }: Entry,
  form: Form,
  own: Form,
  { facts, allocated }: TablePlan,
): string {
  let kind = `${overriding ? 'o' : ''}${facts?.secured && returning ? 'r' : ''} `;
  for (const [column, given] of form.columns.entries()) {
    const isAlways = columnFacts(facts, shape, column)?.always === true;
    // A value given for GENERATED ALWAYS must fail, so it can't share the OVERRIDING of allocated keys.
    const isGiven = own.columns[column] !== Given.nothing;
    if (given === Given.nothing && !allocated.has(column)) kind += '-';
    else kind += !isAlways ? 'v' : isGiven ? 'g' : 'k';
  }
  return kind;
}

/** A statement with a conflict clause has all rows of an entry. */
function canShareConflict(entry: Entry, rows: Rows<EncodedCell>, table: TablePlan, kinds: Kinds): boolean {
  if (!entry.conflict) return true;
  const match = table.matches.get(entry);
  if (!match) return false;
  const all = new Set<string>();
  for (const form of formsOf(rows)) all.add(kinds.of(entry, form, form, table, match));
  return all.size === 1;
}
