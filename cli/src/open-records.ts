import type { FileFormat, LoadArguments } from './arguments.ts';
import type { ChunkLimit, Records } from './chunk.ts';
import { CommandError } from './command-error.ts';
import { openCsv } from './csv/open-csv.ts';
import { openNdjson } from './ndjson/open-ndjson.ts';
import type { Source } from './source.ts';
import type { TableFacts } from './table-facts.ts';
import type { TargetColumn } from './target-columns.ts';

export interface OpenOptions {
  readonly columns: readonly TargetColumn[];
  readonly limit: ChunkLimit;
  /** Every record is read on this side, as no server will. */
  readonly isOffline: boolean;
  /** What is known when the first record is read. */
  readonly server: { readonly facts: TableFacts };
}

/**
 * The records of a source. The format is the given one, or that of the source's file extension, or else CSV.
 *
 * @throws {CommandError} if the header does not fit the table
 */
export async function openRecords(
  { name: file, bytes }: Source,
  args: LoadArguments,
  { columns, limit, isOffline, server }: OpenOptions,
): Promise<Records> {
  const { format = formatOf(file), ignoreUnknown, trimHeader, quote, encoding } = args;
  if (format === 'ndjson') return openNdjson(bytes, { file, columns, limit, ignoreUnknown, server });
  const dialect = {
    delimiter: args.delimiter ?? (format === 'tsv' ? '\t' : ','),
    quote,
    escape: args.escape ?? quote,
    nullText: args.null,
    encoding,
  };
  if (dialect.delimiter === quote) throw new CommandError('--delimiter and --quote are the same character');
  const names = args.header === 'none' ? args.columns : undefined;
  return openCsv(bytes, { file, dialect, columns, names, limit, isOffline, ignoreUnknown, trimHeader });
}

function formatOf(name: string): FileFormat {
  const extension = /\.([^.]+)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase();
  if (extension === 'tsv' || extension === 'tab') return 'tsv';
  return extension === 'ndjson' || extension === 'jsonl' ? 'ndjson' : 'csv';
}
