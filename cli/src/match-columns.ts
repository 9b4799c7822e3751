import { CommandError } from './command-error.ts';
import type { TargetColumn } from './target-columns.ts';

/**
 * The columns that a rejects file has in addition to those of its source. They are ignored when it is loaded,
 * so a corrected rejects file can be loaded unchanged.
 */
export const rejectColumns = ['rejected_line', 'rejected_reason'] as const;

/** The column of that name, which is a property of the table or else a name in the database. */
export function findColumn(columns: readonly TargetColumn[], name: string): TargetColumn | undefined {
  return columns.find(({ key }) => key === name) ?? columns.find((column) => column.name === name);
}

export function isRejectColumn(name: string): boolean {
  return (rejectColumns as readonly string[]).includes(name);
}

/** The column that a name of the header matches; `undefined` for a name that is ignored. */
export type MatchedColumn = TargetColumn | undefined;

export interface MatchOptions {
  /** Spaces around a name do not count. */
  readonly trimHeader: boolean;
  /** Names that are no column are left out. */
  readonly ignoreUnknown: boolean;
}

/**
 * Finds the columns that a header names.
 *
 * @throws {CommandError} if a name is unknown, repeated or generated, or if a required column is missing
 */
export function matchHeader(
  given: readonly string[],
  columns: readonly TargetColumn[],
  { trimHeader, ignoreUnknown }: MatchOptions,
): MatchedColumn[] {
  const header = trimHeader ? given.map((name) => name.trim()) : given;
  const matched = header.map((name) => findColumn(columns, name));
  if (matched.every((column) => column === undefined) || !ignoreUnknown)
    refuseUnknown(header, matched, columns);

  const twice = columns.filter((column) => matched.filter((found) => found === column).length > 1);
  if (twice.length > 0) throw new CommandError(`the header names ${quoted(keysOf(twice))} twice`);
  const generated = matched.filter((column) => column?.isGenerated) as TargetColumn[];
  if (generated.length > 0) {
    throw new CommandError(
      `the header has ${quoted(keysOf(generated))}, whose values the database makes itself`,
    );
  }
  const missing = columns.filter((column) => column.isRequired && !matched.includes(column));
  if (missing.length > 0) {
    throw new CommandError(
      `the header lacks ${quoted(keysOf(missing))}: not null, and without a default; ${allowed(columns)}`,
    );
  }
  return matched;
}

function refuseUnknown(
  header: readonly string[],
  matched: readonly MatchedColumn[],
  columns: readonly TargetColumn[],
): void {
  const unknown = header.filter((name, index) => !matched[index] && !isRejectColumn(name));
  const known = matched.filter((column) => column !== undefined);
  if (unknown.length === 0 && known.length > 0) return;
  const meant = unknown.filter((name) => findColumn(columns, name.trim()) !== undefined);
  const remedy = meant.length > 0 ? '; --trim-header leaves the spaces out' : '';
  throw new CommandError(`the header has ${quoted(unknown)}; ${allowed(columns)}${remedy}`);
}

function allowed(columns: readonly TargetColumn[]): string {
  const names = columns
    .filter(({ isGenerated }) => !isGenerated)
    .map(({ key, name }) => (key === name ? key : `${key} (${name})`));
  return `allowed: ${names.join(', ')}`;
}

function keysOf(columns: readonly TargetColumn[]): string[] {
  return columns.map(({ key }) => key);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
