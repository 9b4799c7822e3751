import type { Statement } from '../../src/driver/statement.ts';
import type { KeyList } from '../../src/take/key-run.ts';
import { parseArrayLiteral } from './array-literal.ts';

/** The rows of an INSERT, as PostgreSQL would read them. */
export interface ReadInsert {
  readonly columns: readonly string[];
  /**
   * Each cell is text, NULL, `default`, `k0[1]` for a key of a list, or an expression with its parameters
   * filled in.
   */
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * Reads any INSERT that `src/write` can write. The keys of a list are unknown here, so their places are
 * returned.
 */
export function readInsert({ text: given, params }: Statement, lists: readonly KeyList[]): ReadInsert {
  const text = withoutMatch(withoutRowsFrom(given));
  const insert =
    /^(?:with .* (?:as a|s)\) )?insert into (?:"(?:[^"]|"")+"\.?)+(?: \((.*?)\))?( overriding system value)? (.*)$/s;
  const [, names, , rest = ''] = insert.exec(text) ?? [];
  const columns = names?.split(', ').map((name) => name.slice(1, -1)) ?? [];
  const body = rest.replace(/ where case .*/s, '').replace(/ (on conflict|returning) .*/, '');
  const param = (place: string): string | null => params[Number(place) - 1] as string | null;
  if (body.startsWith('default values')) return { columns, rows: [[]] };
  if (body.startsWith('values ')) {
    const rows = split(body.slice('values '.length)).map((row) => split(row.slice(1, -1)));
    return { columns, rows: rows.map((row) => row.map((cell) => readCell(cell, param))) };
  }
  const [, cells = '', source] = /^select (.*?)(?: from (?:k\d+, )*unnest\((.*)\))?$/.exec(body) ?? [];
  if (source === undefined) return { columns, rows: [split(cells).map((cell) => readCell(cell, param))] };
  const arrays = readArrays(source, param, lists);
  const length = Math.max(...[...arrays.values()].map((array) => array.length));
  const rows = Array.from({ length }, (_, row) =>
    split(cells).map((cell) => readSelected(cell, (name) => arrays.get(name)?.[row] ?? null)),
  );
  return { columns, rows };
}

/** `rows from (unnest(a), unnest(b))` as `unnest(a, b)`. */
function withoutRowsFrom(text: string): string {
  return text.replace(
    /rows from \((unnest.*?)\)( with ordinality)? as u\(/s,
    (_, list: string, counted = '') => {
      const arrays = split(list).map((each) => each.slice('unnest('.length, -1));
      return `unnest(${arrays.join(', ')})${counted} as u(`;
    },
  );
}

/** The INSERT without the part that matches each written row to its source row. */
function withoutMatch(text: string): string {
  const matched =
    /^with (.*)s as materialized \(select u\.o, (.*?) from ([^(]*unnest\(.*?) with ordinality as u\((.*?), o\)\), w as \((insert into .*?) select s\.c\d+.*? from s( where case .*)?, m as \(select .*$/s;
  const [, parsed, cells = '', source, names, into, rest = ''] = matched.exec(text) ?? [];
  if (into === undefined) return text;
  const head = parsed ? `with ${parsed.replace(/, $/, ' ')}` : '';
  return `${head}${into} select ${cells.replaceAll(/ as c\d+/g, '')} from ${source} as u(${names})${rest}`;
}

/** Splits at the commas outside of parentheses. */
function split(list: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const part of list.split(/(, |[()])/)) {
    if (part === '(') depth++;
    if (part === ')') depth--;
    if (part === ', ' && depth === 0) parts.push('');
    else parts.push(`${parts.pop()}${part}`);
  }
  return parts;
}

type Params = (place: string) => string | null;

function readCell(cell: string, param: Params): string | null {
  const [, place] = /^\$(\d+)$/.exec(cell) ?? [];
  if (place) return param(place);
  const kept =
    /split_part\(current_setting\('batched_drizzle\.(k\d+)'\), ',', (\d+)\)::[\w."]+(?: end)?$/.exec(cell);
  if (kept) return `${kept[1]}[${kept[2]}]`;
  return cell.replaceAll(/\$(\d+)/g, (_, number: string) => `'${param(number)}'`);
}

type Elements = readonly (string | null)[];

function readArrays(source: string, param: Params, lists: readonly KeyList[]): Map<string, Elements> {
  const [arrays = '', names = ''] = source.split(') as u(');
  const read = split(arrays).map((array): Elements => {
    const [, name] = /^\(select a from (k\d+)\)$/.exec(array) ?? [];
    const size = lists.find((list) => list.name === name)?.size ?? 0;
    if (name) return Array.from({ length: size }, (_, index) => `${name}[${index + 1}]`);
    const [, place = ''] = /^\$(\d+)::[\w."]+\[\]$/.exec(array) ?? [];
    return parseArrayLiteral(param(place) ?? '');
  });
  return new Map(names.split(', ').map((name, index) => [name, read[index] ?? []]));
}

function readSelected(selected: string, of: (name: string) => string | null): string | null {
  const [, source, branches] = /^case when (?=u\.(\w+))(.*) end$/.exec(selected) ?? [];
  if (source && branches) {
    const chosen = [...branches.matchAll(/u\.\w+ = (\d+) then (\S+)/g)].find(
      ([, when]) => when === of(source),
    );
    return chosen?.[2] === undefined ? null : readSelected(chosen[2], of);
  }
  const [, list, position = ''] = /^(k\d+)\.a\[u\.(\w+)\](?:::[\w."]+)?$/.exec(selected) ?? [];
  if (list) return `${list}[${of(position)}]`;
  const [, name] = /^u\.(\w+)(?:::[\w."]+)?$/.exec(selected) ?? [];
  if (!name) throw new Error(`what is ${selected}?`);
  return of(name);
}
