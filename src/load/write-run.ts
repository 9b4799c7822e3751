/** Sends rows of a run together, by COPY if COPY can write them, else by INSERT. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { isAnswer } from '../driver/errors.ts';
import { type Answer, command, type Statement } from '../driver/statement.ts';
import type { Rendered } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError, BatchedDrizzleError, codeOf } from '../errors.ts';
import { logAll, sendUncounted } from '../send/send-logged.ts';
import { CopyText, type TextCell } from '../write/copy-text.ts';
import { copyStatement } from './copy-statement.ts';
import { type InsertContext, insertStatements, singleInserts } from './insert-statement.ts';
import type { Run, RunPart } from './load-chunk.ts';
import type { LoadFacts } from './load-facts.ts';
import type { KeySupply } from './load-keys.ts';
import { placeIn } from './refused-row.ts';

export interface LoadWriteContext {
  readonly flush: FlushContext;
  readonly shape: TableShape;
  /** The table's name without its schema, unquoted, as in the server's errors. */
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

/** The server refused rows. */
export class RowsRefused extends Error {
  constructor(
    override readonly cause: Error,
    /** The refused row, by index in the run; `undefined` if it is not known. */
    readonly row?: number,
    /** The column's name in the database, if the server names one. */
    readonly column?: string,
  ) {
    super(cause.message);
  }
}

/** @throws {RowsRefused} if the server refused the rows; any other error as it is */
export async function writeRows(
  connection: Connection,
  part: RunPart,
  context: LoadWriteContext,
): Promise<WrittenRows> {
  try {
    return canCopyRun(part.run, context)
      ? await copyRows(connection, part, context)
      : await insertRows(connection, part, context);
  } catch (error) {
    if (error instanceof RowsRefused || !isAnswer(context.flush.driver.errors, asError(error))) throw error;
    throw new RowsRefused(asError(error), part.to - part.from === 1 ? part.from : undefined);
  }
}

/** COPY has no conflict clause, no RETURNING and no casts. */
export function canCopyRun(run: Run, { facts, conflict }: LoadWriteContext): boolean {
  return facts.canCopy && !conflict && !run.casts && (facts.canDefault || !run.hasDefaults);
}

/** The lines of rows whose keys were taken after they had been read. */
function copyTextOf({ columns, cells, rows }: Run): CopyText {
  const text = new CopyText();
  const positions = [...columns.keys()];
  for (let row = 0; row < rows.length; row++) {
    text.add(cells.slice(row * columns.length, (row + 1) * columns.length), positions, false);
  }
  return text;
}

async function copyRows(
  connection: Connection,
  { run, from, to }: RunPart,
  { flush, shape, relation }: LoadWriteContext,
): Promise<WrittenRows> {
  const text = copyStatement(flush.dialect, shape, run);
  run.text ??= copyTextOf(run);
  const blocks = from === 0 && to === run.rows.length ? run.text.blocks() : [run.text.slice(from, to)];
  logAll(flush, [command(text)]);
  try {
    const answer = await connection.copy(text, blocks);
    const bytes = blocks.reduce((sum, { length }) => sum + length, 0);
    return { rows: countOf(answer), bytes, returned: [] };
  } catch (error) {
    const { where } = error as { where?: unknown };
    const place = isAnswer(flush.driver.errors, asError(error)) ? placeIn(where, relation) : undefined;
    if (place && place.line <= to - from)
      throw new RowsRefused(asError(error), from + place.line - 1, place.column);
    throw error;
  }
}

async function insertRows(
  connection: Connection,
  part: RunPart,
  context: LoadWriteContext,
): Promise<WrittenRows> {
  const { run, from } = part;
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
  const statements = (isSingle ? singleInserts : insertStatements)(part, insert);
  const answers = await Promise.allSettled(sendUncounted(flush, connection, statements));
  const failed = answers.findIndex(({ status }) => status === 'rejected');
  if (failed !== -1) {
    const cause = asError((answers[failed] as PromiseRejectedResult).reason);
    if (isSingle && isAnswer(flush.driver.errors, cause)) throw new RowsRefused(cause, from + failed);
    // One statement may not update a row of the table twice; several statements may.
    if (codeOf(cause) === '21000' && conflict) run.isContended = true;
    throw cause;
  }
  const written = answers.map((answer) => (answer as PromiseFulfilledResult<Answer>).value);
  return {
    rows: written.reduce((sum, answer) => sum + countOf(answer), 0),
    bytes: statements.reduce((sum, statement) => sum + bytesOfParams(statement), 0),
    returned:
      insert.returning === undefined
        ? []
        : written.flatMap((answer) => [...answer].map(([key]) => String(key))),
  };
}

/** @throws {BatchedDrizzleError} `MISMATCHED_ANSWER` if the answer has no count */
function countOf({ count, command: tag }: Answer): number {
  if (count !== null) return count;
  throw new BatchedDrizzleError('MISMATCHED_ANSWER', `the server answered ${tag} without a count of rows`);
}

function bytesOfParams({ params }: Statement): number {
  return params.reduce((sum, param) => sum + (typeof param === 'string' ? Buffer.byteLength(param) : 0), 0);
}
