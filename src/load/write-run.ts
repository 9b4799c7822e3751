/** Sends rows of a run in one go, by COPY where it can say them. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { isAnswer } from '../driver/errors.ts';
import { type Answer, command, type Statement } from '../driver/statement.ts';
import type { Rendered } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError, codeOf } from '../errors.ts';
import { logAll } from '../send/send-logged.ts';
import { CopyText, type TextCell } from '../write/copy-text.ts';
import type { Run } from './chunk.ts';
import { copyStatement, lineOf } from './copy-statement.ts';
import { type InsertContext, insertStatements, singleInserts } from './insert-statement.ts';
import type { LoadFacts } from './load-facts.ts';
import type { KeySupply } from './load-keys.ts';

export interface WriteContext {
  readonly flush: FlushContext;
  readonly shape: TableShape;
  /** Its name without its schema, unquoted, as the server's errors have it. */
  readonly relation: string;
  readonly facts: LoadFacts;
  readonly conflict: Rendered | undefined;
  readonly keys: KeySupply | undefined;
}

export interface WrittenRows {
  readonly rows: number;
  readonly bytes: number;
  /** The ids that the server returned. */
  readonly returned: readonly TextCell[];
}

/** Why rows were not written, and which of them it was where the server said so. */
export class RowsRefused extends Error {
  constructor(
    override readonly cause: Error,
    /** From the start of the run. */
    readonly row?: number,
    /** Its name in the database. */
    readonly column?: string,
  ) {
    super(cause.message);
  }
}

/** @throws {RowsRefused} where the server refused them, and any other error as it is */
export async function writeRows(
  connection: Connection,
  run: Run,
  from: number,
  to: number,
  context: WriteContext,
): Promise<WrittenRows> {
  try {
    return canCopy(run, context)
      ? await copyRows(connection, run, from, to, context)
      : await insertRows(connection, run, from, to, context);
  } catch (error) {
    if (error instanceof RowsRefused || !isAnswer(context.flush.driver.errors, asError(error))) throw error;
    throw new RowsRefused(asError(error), to - from === 1 ? from : undefined);
  }
}

/** COPY has no conflict clause and returns nothing, and takes no value that would have to be cast. */
export function canCopy(run: Run, { facts, conflict }: WriteContext): boolean {
  return facts.canCopy && !conflict && !run.casts && (facts.canDefault || !run.hasDefaults);
}

/** The lines of rows that were not read as such, since they were given their keys afterwards. */
function textOf({ columns, cells, rows }: Run): CopyText {
  const text = new CopyText();
  const positions = [...columns.keys()];
  for (let row = 0; row < rows.length; row++) {
    text.add(cells.slice(row * columns.length, (row + 1) * columns.length), positions, false);
  }
  return text;
}

async function copyRows(
  connection: Connection,
  run: Run,
  from: number,
  to: number,
  { flush, shape, relation }: WriteContext,
): Promise<WrittenRows> {
  const text = copyStatement(flush.dialect, shape, run);
  run.text ??= textOf(run);
  const blocks = from === 0 && to === run.rows.length ? run.text.blocks() : [run.text.slice(from, to)];
  logAll(flush, [command(text)]);
  try {
    const { count } = await connection.copy(text, blocks);
    const bytes = blocks.reduce((sum, { length }) => sum + length, 0);
    return { rows: count ?? 0, bytes, returned: [] };
  } catch (error) {
    const place = isAnswer(flush.driver.errors, asError(error)) ? lineOf(error, relation) : undefined;
    if (place && place.line < to - from)
      throw new RowsRefused(asError(error), from + place.line, place.column);
    throw error;
  }
}

async function insertRows(
  connection: Connection,
  run: Run,
  from: number,
  to: number,
  context: WriteContext,
): Promise<WrittenRows> {
  const { flush, shape, facts, conflict, keys } = context;
  const insert: InsertContext = {
    dialect: flush.dialect,
    encoder: flush.driver.values,
    shape,
    facts: facts.table,
    conflict,
    returning: keys?.isReturned ? keys.column : undefined,
  };
  const isSingle = insert.returning !== undefined || run.isContended;
  const statements = (isSingle ? singleInserts : insertStatements)(run, from, to, insert);
  logAll(flush, statements);
  const answers = await Promise.allSettled(statements.map((statement) => connection.send(statement)));
  const failed = answers.findIndex(({ status }) => status === 'rejected');
  if (failed !== -1) {
    const cause = asError((answers[failed] as PromiseRejectedResult).reason);
    if (isSingle && isAnswer(flush.driver.errors, cause)) throw new RowsRefused(cause, from + failed);
    // One statement may not touch a row twice, several may.
    if (codeOf(cause) === '21000' && conflict) run.isContended = true;
    throw cause;
  }
  const written = answers.map((answer) => (answer as PromiseFulfilledResult<Answer>).value);
  return {
    rows: written.reduce((sum, { count }) => sum + (count ?? 0), 0),
    bytes: statements.reduce((sum, statement) => sum + sizeOf(statement), 0),
    returned:
      insert.returning === undefined
        ? []
        : written.flatMap((answer) => [...answer].map(([key]) => String(key))),
  };
}

function sizeOf({ params }: Statement): number {
  return params.reduce((sum, param) => sum + (param === null ? 0 : Buffer.byteLength(param)), 0);
}
