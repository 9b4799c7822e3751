/** `INSERT … SELECT … FROM unnest(…)`: one statement, a parameter a column, for any number of rows. */
import { arrayLiteral } from '../encode.ts';
import { type Chunk, isKeyPlace, type KeyList, type PlannedCell } from '../plan.ts';
import type { ColumnFacts } from '../table-facts.ts';
import { columnFacts } from '../table-facts.ts';
import { insertGuard } from './guard.ts';
import { insertInto, insertTail, type WriteContext } from './insert.ts';
import { withLists } from './lists.ts';

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
  const source = new Source(context);
  const columns: number[] = [];
  const selected: string[] = [];
  for (const [column, sample] of (chunk.rows[0]?.cells ?? []).entries()) {
    if (sample === undefined) continue;
    const facts = columnFacts(chunk.facts, chunk.shape, column);
    if (!facts) throw new Error(`no facts of ${chunk.shape.name}.${chunk.shape.columns[column]?.name}`);
    columns.push(column);
    selected.push(
      source.column(
        column,
        facts,
        chunk.rows.map(({ cells }) => cells[column]),
      ),
    );
  }
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

  constructor(readonly context: WriteContext) {}

  text(place?: string): string {
    const joined = [...this.#joined].map((list) => `${list.name}, `).join('');
    const [counted, names] = place ? [' with ordinality', [...this.#names, place]] : ['', this.#names];
    return `${joined}unnest(${this.#arrays.join(', ')})${counted} as u(${names.join(', ')})`;
  }

  /** @returns what the select list has for the column */
  column(column: number, facts: ColumnFacts, cells: readonly PlannedCell[]): string {
    const kept = cells.map((cell) =>
      isKeyPlace(cell) && !this.context.keys.has(cell.list) ? cell : undefined,
    );
    if (!kept.some(Boolean)) return this.#values(column, facts, cells);
    const whole = wholeList(kept);
    if (whole && whole.facts.cast === facts.cast) {
      this.lists.add(whole);
      return this.#array(`c${column}`, `(select a from ${whole.name})`);
    }
    return this.#positions(column, facts, cells, kept);
  }

  #values(column: number, facts: ColumnFacts, cells: readonly PlannedCell[]): string {
    const literal = arrayLiteral(cells.map((cell) => this.#text(cell)));
    const param = this.context.params.add(literal);
    if (facts.arrayable) return this.#array(`c${column}`, `${param}::${facts.cast}[]`);
    // `unnest` flattens arrays of arrays, and a user's type may be made anew while connections live.
    return `${this.#array(`c${column}`, `${param}::text[]`)}::${facts.cast}`;
  }

  #text(cell: PlannedCell): string | null {
    if (!isKeyPlace(cell)) return cell as string | null;
    return this.context.keys.get(cell.list)?.[cell.position - 1] ?? null;
  }

  /** Keys by position in their list, beside values where some rows have their own. */
  #positions(
    column: number,
    facts: ColumnFacts,
    cells: readonly PlannedCell[],
    kept: readonly (Exclude<PlannedCell, string | null | undefined> | undefined)[],
  ): string {
    const places = kept.map((cell) => (isKeyPlace(cell) ? cell : undefined));
    const lists = [...new Set(places.flatMap((place) => place?.list ?? []))];
    for (const list of lists) {
      this.lists.add(list);
      this.#joined.add(list);
    }
    const position = this.#integers(
      `p${column}`,
      places.map((place) => place?.position ?? null),
    );
    const keys = lists.map(
      (list) => `${list.name}.a[${position}]${list.facts.cast === facts.cast ? '' : `::${facts.cast}`}`,
    );
    const hasValues = places.includes(undefined);
    if (lists.length === 1 && !hasValues) return keys[0] ?? '';
    const source = this.#integers(
      `s${column}`,
      places.map((place) => (place ? lists.indexOf(place.list) + 1 : 0)),
    );
    const value = hasValues
      ? ` when 0 then ${this.#values(
          column,
          facts,
          cells.map((cell, row) => (places[row] ? null : cell)),
        )}`
      : '';
    const branches = keys.map((key, index) => ` when ${index + 1} then ${key}`).join('');
    return `case ${source}${value}${branches} end`;
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

/** The list of which the cells are every key, in order. */
function wholeList(places: readonly (PlannedCell | undefined)[]): KeyList | undefined {
  const first = places[0];
  if (!isKeyPlace(first) || first.list.size !== places.length) return undefined;
  const isWhole = places.every(
    (place, index) => isKeyPlace(place) && place.list === first.list && place.position === index + 1,
  );
  return isWhole ? first.list : undefined;
}
