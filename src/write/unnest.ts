/**
 * `INSERT … SELECT … FROM unnest(…)`: one statement for any number of rows, with one parameter for each
 * column.
 */
import { arrayLiteral } from '../driver/text.ts';
import type { ColumnFacts } from '../facts/table-facts.ts';
import { type Chunk, isKeyPlace, type PlannedCell } from '../plan/chunk.ts';
import { Reference } from '../take/entry.ts';
import { type KeyList, type KeyPlace, keyOf } from '../take/key-run.ts';
import { castArray, unnestArrays } from './cast-array.ts';
import { givenColumns, insertInto, insertTail, requireFacts, type WriteContext } from './clauses.ts';
import { insertGuard } from './guard.ts';
import { withLists } from './kept-keys.ts';

/**
 * The example leaves out the schemas of functions and types, as in `pg_catalog.unnest`.
 *
 * @example
 * with k0 as materialized (select string_to_array(current_setting('batched_drizzle.k0'), ',')::int4[] as a)
 * insert into "addresses" ("email", "user_id")
 * select u.c0, k0.a[u.p1] from k0, rows from (unnest($1::varchar[]), unnest($2::int4[])) as u(c0, p1) where …
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
  /** The expression in the select list for each column. */
  readonly selected: readonly string[];
  readonly lists: readonly KeyList[];
  readonly from: string;
}

/** @param place the name of a column that numbers the rows, if one is needed */
export function unnestRows(chunk: Chunk, context: WriteContext, place?: string): UnnestedRows {
  const source = new Source(chunk, context);
  const columns = givenColumns(chunk);
  const selected = columns.map((column) => source.column(column, requireFacts(chunk, column)));
  return { columns, selected, lists: [...source.lists], from: source.text(place) };
}

/** Collects the arrays of one `unnest`, and the expression of each column. */
class Source {
  /** Lists that the statement reads in the server. */
  readonly lists = new Set<KeyList>();
  /** Those lists of which the statement picks keys by position. */
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
    return `${joined}${unnestArrays(this.#arrays)}${counted} as u(${names.join(', ')})`;
  }

  /** @returns the column's expression in the select list */
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

  /** Whether some row of the column has a key, either its own or another row's. */
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

  /** Picks keys by position in their list. Rows that have their own value use it. */
  #positions(column: number, facts: ColumnFacts): string {
    const { cells, places } = this.#textsAndPlaces(column);
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
    const [only] = keys;
    if (only !== undefined && keys.length === 1 && !hasValues) return only;
    const source = this.#integers(
      `s${column}`,
      places.map((place) => (place ? branchOf(lists, place.list) : 0)),
    );
    // `case x when 1` would take the `=` of the search_path.
    const branch = (place: number, value: string) =>
      ` when ${source} operator(pg_catalog.=) ${place} then ${value}`;
    const value = hasValues ? branch(0, this.#values(column, facts, cells)) : '';
    return `case${value}${keys.map((key, index) => branch(index + 1, key)).join('')} end`;
  }

  /** The texts of a column, and the places of keys that only the server has. */
  #textsAndPlaces(column: number): { cells: (string | number | null)[]; places: (KeyPlace | undefined)[] } {
    const cells: (string | number | null)[] = [];
    const places: (KeyPlace | undefined)[] = [];
    for (const row of this.chunk.rows.keys()) {
      const cell = this.chunk.cell(row, column);
      const isKept = isKeyPlace(cell) && !cell.list.keys;
      places.push(isKept ? cell : undefined);
      cells.push(isKept ? null : keyOrText(cell));
    }
    return { cells, places };
  }

  #integers(name: string, numbers: readonly (number | null)[]): string {
    const literal = `{${numbers.map((number) => number ?? 'NULL').join(',')}}`;
    return this.#array(name, `${this.context.params.add(literal)}::pg_catalog.int4[]`);
  }

  #array(name: string, array: string): string {
    this.#arrays.push(array);
    this.#names.push(name);
    return `u.${name}`;
  }
}

/** The branch of CASE that picks from a list. Branch 0 is the row's own value, so a wrong 0 would write NULL. */
function branchOf(lists: ReadonlyMap<KeyList, number>, list: KeyList): number {
  const branch = lists.get(list);
  if (branch === undefined) throw new Error(`list ${list.name} is not part of the statement`);
  return branch;
}

function keyOrText(cell: PlannedCell): string | number | null {
  return isKeyPlace(cell) ? keyOf(cell) : (cell as string | number | null);
}
