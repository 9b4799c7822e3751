/** Expressions, rendered by drizzle. */
import { is, Param, Placeholder, type SQL } from 'drizzle-orm';
import type { PgDialect, PgTable } from 'drizzle-orm/pg-core';
import type { SelectedField } from './selected-field.ts';

/** An `sql` value of a row, rendered when `values()` was called. */
export class Expression {
  constructor(readonly rendered: Rendered) {}
}

/** An expression as text between its parameters, and the parameters as the driver would get them. */
export interface Rendered {
  /** One more than `params`. */
  readonly texts: readonly string[];
  readonly params: readonly unknown[];
}

/**
 * Marks the place of a parameter. It can't occur in SQL, which has no NUL. SQL that contains a NUL all the
 * same must reach the server, to be refused, so the mark is longer than one NUL.
 */
export const parameterMark = '\0$\0';

/** Renders the expression now. Later changes to the object change nothing. */
export function render(dialect: PgDialect, expression: SQL): Rendered {
  const internals = dialect as any;
  const config: object = {
    casing: internals.casing,
    escapeName: internals.escapeName,
    escapeString: internals.escapeString,
    prepareTyping: internals.prepareTyping,
    codecs: internals.codecs,
    escapeParam: () => parameterMark,
  };
  const query = expression.toQuery(config as Parameters<SQL['toQuery']>[0]);
  return { texts: query.sql.split(parameterMark), params: query.params };
}

/** The list after `returning`, as drizzle writes it for a single table. */
export function renderSelection(
  { dialect, table }: { readonly dialect: PgDialect; readonly table: PgTable },
  selection: readonly SelectedField[],
): Rendered {
  return render(dialect, (dialect as any).buildSelection(selection, { isSingleTable: true, table }) as SQL);
}

export function isPlaceholder(value: unknown): boolean {
  return is(value, Placeholder) || (is(value, Param) && is(value.value, Placeholder));
}
