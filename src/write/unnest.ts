/** `INSERT … SELECT … FROM unnest(…)`: one statement, a parameter a column, for any number of rows. */

import { arrayLiteral } from '../driver/text.ts';
import { columnAt } from '../drizzle/table.ts';
import { type ColumnFacts, columnFacts } from '../facts/table-facts.ts';
import { type Chunk, isKeyPlace, type PlannedCell } from '../plan/chunk.ts';
import { Reference } from '../take/entry.ts';
import { type KeyList, type KeyPlace, keyOf } from '../take/key-run.ts';
import { castArray } from './cast-array.ts';
import { insertInto, insertTail, type WriteContext } from './clauses.ts';
import { insertGuard } from './guard.ts';
import { withLists } from './kept-keys.ts';

/**
 * @example
 * with k0 as materialized (select string_to_array(current_setting('batched_drizzle.k0'), ',')::int4[] as a)
 * insert into "addresses" ("email", "user_id")
 * select u.c0, k0.a[u.p1] from k0, unnest($1::varchar[], $2::int4[]) as u(c0, p1) where …
 */
export function unnestInsert(chunk: Chunk, context: WriteContext): string {
  const { columns, selected, lists, from } = unnestRows(chunk, context);
  const guard = insertGuard({ chunk, ...context }, lists);
  return (
    `${withLists(lists)}${insertInto(chunk, columns, context)} select ${selected.join(', ')} ` +
    `from ${from}${guard}${insertTail(chunk, context)}`
  );
}

export interface UnnestedRows {
  /** The columns that are written, by index. */
  readonly columns: readonly number[];
  /** What is selected for each. */
  readonly selected: readonly string[];
  readonly lists: readonly KeyList[];
  readonly from: string;
}

/** @param place the name of a column that counts the rows, if one should */
export function unnestRows(chunk: Chunk, context: WriteContext, place?: string): UnnestedRows {
  const source = new Source(chunk, context);
  const columns = [...chunk.shape.columns.keys()].filter((column) => chunk.gives(column));
  const selected = columns.map((column) => {
    const facts = columnFacts(chunk.facts, chunk.shape, column);
    if (!facts) throw new Error(`no facts of ${chunk.shape.name}.${columnAt(chunk.shape, column).name}`);
    return source.column(column, facts);
  });
  return { columns, selected, lists: [...source.lists], from: source.text(place) };
}

/** The arrays that are unnested together, and what each column selects from them. */
class Source {
  /** Lists that the statement reads in the server. */
  readonly lists = new Set<KeyList>();
  /** Those among them that are looked up by position. */
  readonly #joined = new Set<KeyList>();
  readonly #arrays: string[] = [];
  readonly #names: string[] = [];

  constructor(
    readonly chunk: Chunk,
    readonly context: WriteContext,
  ) {}

  text(place?: string): string {
    const joined = [...this.#joined].map((list) => `${list.name}, `).join('');
    const [counted, names] = place ? [' with ordinality', [...this.#names, place]] : ['', this.#names];
    return `${joined}unnest(${this.#arrays.join(', ')})${counted} as u(${names.join(', ')})`;
  }

  /** @returns what the select list has for the column */
  column(column: number, facts: ColumnFacts): string {
    const whole = this.chunk.wholeList(column);
    if (whole && !whole.keys && whole.facts.cast === facts.cast) {
      this.lists.add(whole);
      return this.#array(`c${column}`, `(select a from ${whole.name})`);
    }
    return this.#hasKeys(column)
      ? this.#positions(column, facts)
      : this.#values(column, facts, this.#texts(column));
  }

  /** Whether a row of the column has a key, its own or another row's. */
  #hasKeys(column: number): boolean {
    return this.chunk.rows.some((_, row) => {
      const cell = this.chunk.given(row, column);
      return cell === undefined || cell instanceof Reference;
    });
  }

  #texts(column: number): (string | number | null)[] {
    return this.chunk.rows.map((_, row) => this.chunk.given(row, column) as string | number | null);
  }

  #values(column: number, facts: ColumnFacts, texts: readonly (string | number | null)[]): string {
    const param = this.context.params.add(arrayLiteral(texts));
    const { array, elementCast } = castArray(param, facts);
    return this.#array(`c${column}`, array) + elementCast;
  }

  /** Keys by position in their list, beside values where some rows have their own. */
  #positions(column: number, facts: ColumnFacts): string {
    const { cells, places } = this.#told(column);
    const lists = new Map<KeyList, number>();
    for (const place of places) if (place && !lists.has(place.list)) lists.set(place.list, lists.size + 1);
    if (lists.size === 0) return this.#values(column, facts, cells);
    for (const list of lists.keys()) {
      this.lists.add(list);
      this.#joined.add(list);
    }
    const position = this.#integers(
      `p${column}`,
      places.map((place) => place?.position ?? null),
    );
    const keys = [...lists.keys()].map(
      (list) => `${list.name}.a[${position}]${list.facts.cast === facts.cast ? '' : `::${facts.cast}`}`,
    );
    const hasValues = places.includes(undefined);
    if (lists.size === 1 && !hasValues) return keys[0] ?? '';
    const source = this.#integers(
      `s${column}`,
      places.map((place) => (place ? (lists.get(place.list) ?? 0) : 0)),
    );
    const value = hasValues ? ` when 0 then ${this.#values(column, facts, cells)}` : '';
    const branches = keys.map((key, index) => ` when ${index + 1} then ${key}`).join('');
    return `case ${source}${value}${branches} end`;
  }

  /** The texts of a column, and the places of keys that only the server has. */
  #told(column: number): { cells: (string | number | null)[]; places: (KeyPlace | undefined)[] } {
    const cells: (string | number | null)[] = [];
    const places: (KeyPlace | undefined)[] = [];
    for (const row of this.chunk.rows.keys()) {
      const cell = this.chunk.cell(row, column);
      const isKept = isKeyPlace(cell) && !cell.list.keys;
      places.push(isKept ? cell : undefined);
      cells.push(isKept ? null : textOf(cell));
    }
    return { cells, places };
  }

  #integers(name: string, numbers: readonly (number | null)[]): string {
    const literal = `{${numbers.map((number) => number ?? 'NULL').join(',')}}`;
    return this.#array(name, `${this.context.params.add(literal)}::int4[]`);
  }

  #array(name: string, array: string): string {
    this.#arrays.push(array);
    this.#names.push(name);
    return `u.${name}`;
  }
}

function textOf(cell: PlannedCell): string | number | null {
  return isKeyPlace(cell) ? keyOf(cell) : (cell as string | number | null);
}
