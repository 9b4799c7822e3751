/** One entry → the INSERT that drizzle itself would send for it. */
import { RawValue, type Statement, type StatementParam } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { Expression, type Rendered, renderSelection } from '../drizzle/render.ts';
import type { SelectedField } from '../drizzle/selected-field.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { nameForReference, returnedItem, type TableShape } from '../drizzle/table.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { KeptValue, OwnPlan } from '../plan/own-plan.ts';
import { DeferredValue, nameOf } from '../take/deferred.ts';
import { type Entry, Reference } from '../take/entry.ts';
import { Form, Given } from '../take/form.ts';
import { givesAlways } from '../take/key-run.ts';
import { isTextOfServer } from '../take/of-server.ts';
import { begunGuard } from './begun.ts';
import { insertHead, quotedName } from './insert-head.ts';
import { type KeptValueUse, keepValue, readKeptValue } from './kept-values.ts';
import { Params } from './params.ts';

/** The parts of a table's statements that are the same each time. */
interface StatementParts {
  /** `insert into "users" ("id", "name")` */
  readonly head: string;
  /** The row of a form that has nothing but texts and defaults: `(default, $1)`. */
  readonly rows: Map<Form, string>;
  /** What a selection of columns returns: `"id", "name"`. */
  readonly selections: Map<readonly SelectedField[], string>;
}

const partsByShape = new WeakMap<TableShape, StatementParts>();

/** Selections made anew for each insert must not be remembered for ever. */
const mostSelections = 100;

/** Which part of a statement's answer belongs to the caller, and which values the library asked for. */
export interface OwnAnswer {
  readonly entry: Entry;
  /** How many columns the caller asked for; they come first. */
  readonly width: number;
  /** Columns whose values references may need, with their places in the answer. */
  readonly learned: readonly (readonly [column: number, place: number])[];
}

export interface WrittenEntry extends Pick<Statement, 'text' | 'params' | 'logged'> {
  readonly answer: OwnAnswer;
}

export class OwnInsertWriter {
  readonly #plan: OwnPlan;
  readonly #values: ValueEncoder;
  readonly #isGuarded: boolean;
  readonly #isLogged: boolean;
  /** The values of the entry at hand are left to the driver. */
  #isDescribed = false;

  constructor(plan: OwnPlan, values: ValueEncoder, isGuarded: boolean, isLogged: boolean) {
    this.#plan = plan;
    this.#values = values;
    this.#isGuarded = isGuarded;
    this.#isLogged = isLogged;
  }

  /**
   * @example
   * insert into "users" ("id", "name") values (default, $1) returning "id", pg_catalog.current_setting(…)
   */
  write(entry: Entry): WrittenEntry {
    const { shape, conflict, overriding } = entry;
    const parts = getOrInsert(partsByShape, shape, () => makeParts(shape));
    const params = new Params(this.#values, shape, this.#isLogged);
    this.#isDescribed = this.#plan.described.has(entry);
    const rows = this.#rows(entry, parts, params);
    const clause = conflict ? ` on conflict ${this.#embed(conflict, params)}` : '';
    const { list, answer } = this.#returning(entry, parts, params);
    // The server refuses an empty selection.
    const returning = list === '' && entry.returning?.length !== 0 ? '' : ` returning ${list}`;
    const isOverriding = overriding || givesAlways(entry.allotted);
    const text = `${parts.head}${isOverriding ? ' overriding system value' : ''} values ${rows}${clause}${returning}${entry.comment}`;
    return { text, params: params.values, logged: params.given, answer };
  }

  #rows(entry: Entry, { rows }: StatementParts, params: Params): string {
    const { forms, cells, count, shape } = entry;
    if (count === 1 && forms instanceof Form && !entry.allotted && cells.every(isText)) {
      for (const cell of cells) if (cell !== undefined) params.add(this.#text(cell), cell);
      return getOrInsert(rows, forms, () => rowOfForm(forms));
    }
    const width = shape.columns.length;
    const texts: string[] = [];
    for (let row = 0; row < count; row++) {
      let text = '';
      for (let column = 0; column < width; column++) {
        text += `${column === 0 ? '' : ', '}${this.#cell(entry, row, column, params)}`;
      }
      texts.push(`(${text})`);
    }
    return texts.join(', ');
  }

  #cell(entry: Entry, row: number, column: number, params: Params): string {
    const cell = entry.cell(row, column);
    // A key may have been drawn before the row is written.
    const key = cell === undefined ? entry.key(row, column) : undefined;
    if (key !== undefined) return params.add(key);
    if (cell === undefined) return 'default';
    if (cell instanceof Expression) return this.#embed(cell.rendered, params);
    if (!(cell instanceof Reference)) return this.#value(cell, params);
    const value = cell.value();
    if (value === undefined) return this.#kept(cell, { shape: entry.shape, column });
    return isTextOfServer(cell.origin, value) ? params.add(value) : this.#value(value, params);
  }

  #returning(entry: Entry, parts: StatementParts, params: Params): { list: string; answer: OwnAnswer } {
    const { returning, shape } = entry;
    if (returning?.length === 0) return { list: '', answer: { entry, width: 0, learned: [] } };
    const items: string[] = returning ? [this.#selection(returning, parts, shape, params)] : [];
    const width = returning?.length ?? 0;
    const learned: [column: number, place: number][] = [];
    for (const [place, { field }] of (returning ?? []).entries()) {
      const column = shape.columns.findIndex((candidate) => candidate.column === field);
      if (column !== -1 && shape.columns[column]?.isKeyed) learned.push([column, place]);
    }
    for (const column of this.#plan.returned.get(entry) ?? []) {
      learned.push([column, width + items.length - (returning ? 1 : 0)]);
      items.push(returnedItem(shape, nameForReference(shape, column)));
    }
    for (const value of this.#plan.kept.get(entry)?.values() ?? []) {
      items.push(keepValue(value, quotedName(shape.dialect, shape, value.column), entry.count > 1));
    }
    if (this.#isGuarded) items.push(begunGuard);
    return { list: items.join(', '), answer: { entry, width, learned } };
  }

  #selection(
    returning: readonly SelectedField[],
    { selections }: StatementParts,
    shape: TableShape,
    params: Params,
  ): string {
    if (!onlyColumns(returning)) return this.#embed(renderSelection(shape, returning), params);
    if (selections.size > mostSelections) selections.clear();
    return getOrInsert(selections, returning, () => renderSelection(shape, returning).texts.join(''));
  }

  #embed({ texts, params: embedded }: Rendered, params: Params): string {
    let text = texts[0] ?? '';
    for (let index = 0; index < embedded.length; index++) {
      text += this.#param(embedded[index], params) + (texts[index + 1] ?? '');
    }
    return text;
  }

  #param(param: unknown, params: Params): string {
    if (!(param instanceof DeferredValue)) return this.#value(param, params);
    const value = param.reference.value();
    return value === undefined ? `(${this.#kept(param.reference, undefined)})` : this.#value(value, params);
  }

  #kept(reference: Reference, target: KeptValueUse['target']): string {
    const { entry, row, column } = reference.origin;
    const value: KeptValue | undefined = this.#plan.kept.get(entry)?.get(column);
    if (!value) throw new Error(`no value of ${nameOf(reference)} is kept for its child`);
    return readKeptValue(value, { count: entry.count, row, target });
  }

  #value(value: unknown, params: Params): string {
    const declared = this.#declared(value);
    return `${params.add(this.#text(value), value)}${declared ? `::pg_catalog.${declared}` : ''}`;
  }

  #declared(value: unknown): string | undefined {
    if (this.#isDescribed || typeof value === 'string' || value === null) return undefined;
    return this.#values.declaredType(value)?.name;
  }

  #text(value: unknown): StatementParam {
    if (this.#isDescribed && value !== null) return new RawValue(value);
    if (value === null || typeof value === 'string') return value;
    // The plan has seen that its text is what the driver would send: here nobody knows the type any more.
    return this.#values.untyped(value, undefined) ?? this.#values.serialize(value, 0);
  }
}

function makeParts(shape: TableShape): StatementParts {
  const head = insertHead(shape.dialect, shape, [...shape.columns.keys()], false);
  return { head, rows: new Map(), selections: new Map() };
}

function rowOfForm({ columns }: Form): string {
  let place = 0;
  const cells = columns.map((given) => (given === Given.nothing ? 'default' : `$${++place}`));
  return `(${cells.join(', ')})`;
}

/** Whether a cell is a parameter without a cast, or nothing. */
function isText(cell: unknown): boolean {
  return cell === null || (typeof cell !== 'object' && typeof cell !== 'boolean' && typeof cell !== 'bigint');
}
