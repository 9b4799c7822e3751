import type { ChunkLimit, Records } from '../chunk.ts';
import { isMade, needsJavaScript } from '../column-ways.ts';
import { type MatchOptions, matchHeader } from '../match-columns.ts';
import type { TargetColumn } from '../target-columns.ts';
import { type CsvDialect, checkBytes } from './dialect.ts';
import { readChunks } from './read-chunks.ts';
import { readHead } from './read-head.ts';
import { RejectWriter } from './reject-writer.ts';
import { type RewritePlan, Rewriter } from './rewrite.ts';

export interface CsvOptions extends MatchOptions {
  readonly file: string;
  readonly dialect: CsvDialect;
  readonly columns: readonly TargetColumn[];
  /** The names of the fields, if the file has no header. */
  readonly names: readonly string[] | undefined;
  readonly limit: ChunkLimit;
  /** Every record is read on this side, as no server will. */
  readonly isOffline: boolean;
}

/** @throws {CommandError} if the header does not fit the table */
export async function openCsv(bytes: AsyncIterable<Buffer>, options: CsvOptions): Promise<Records> {
  const { file, dialect, columns, names, limit } = options;
  checkBytes(dialect, ['quote', 'escape']);
  const pieces = bytes[Symbol.asyncIterator]();
  const { fields, lineEnd, rest, line } = await readHead(pieces, {
    file,
    dialect,
    hasHeader: names === undefined,
  });
  const header = names ?? fields;
  const matched = matchHeader(header, columns, options);
  const made = columns.filter((column) => isMade(column) && !matched.includes(column));
  const plan: RewritePlan = {
    fields: matched.map((column) => column && { column, isMapped: needsJavaScript(column.column) }),
    made,
  };
  const isPlain =
    !options.isOffline && made.length === 0 && plan.fields.every((field) => field && !field.isMapped);
  if (!isPlain) checkBytes(dialect, ['delimiter']);
  const blocks = blocksOf(rest, pieces);
  const format = {
    file,
    // JavaScript writes UTF-8 only.
    dialect: isPlain ? dialect : { ...dialect, encoding: undefined },
    lineEnd,
    columns: [...matched.filter((column) => column !== undefined), ...made],
  };
  const rewriter = isPlain ? undefined : new Rewriter(plan, dialect, lineEnd);
  const rejects = new RejectWriter(
    dialect,
    lineEnd,
    matched.map((column) => column !== undefined),
  );
  return {
    file,
    chunks: readChunks(blocks, { format, line, rewriter, limit }),
    ways: Object.fromEntries([
      ...plan.fields.flatMap((field) => (field ? [[field.column.key, wayOf(field.isMapped)]] : [])),
      ...made.map(({ key }) => [key, 'made for each row by drizzle']),
    ]),
    rejectsHead: rejects.head(header),
    toReject: (record, at, reason) => rejects.record(record, at, reason),
  };
}

function wayOf(isMapped: boolean): string {
  return isMapped ? 'read in JavaScript for toDriver of its type' : 'as bytes';
}

async function* blocksOf(rest: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (rest.length > 0) yield rest;
  for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) yield piece.value;
}
