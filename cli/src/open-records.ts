import type { FileFormat } from './arguments.ts';
import { openCsv } from './csv.ts';
import { openNdjson } from './ndjson.ts';
import type { Records } from './records.ts';
import type { Source } from './source.ts';
import type { TargetColumn } from './target-columns.ts';

interface FormatOptions {
  readonly format: FileFormat | undefined;
  readonly delimiter: string | undefined;
}

/**
 * The records of a source. The format is the given one, or that of the source's file extension, or else CSV.
 */
export async function openRecords(
  source: Source,
  columns: readonly TargetColumn[],
  { format = formatOf(source.name), delimiter }: FormatOptions,
): Promise<Records> {
  if (format === 'ndjson') return openNdjson(source.text, columns) as Records;
  return (await openCsv(source.text, {
    delimiter: delimiter ?? (format === 'tsv' ? '\t' : ','),
    columns,
  })) as Records;
}

function formatOf(name: string): FileFormat {
  const extension = /\.([^.]+)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase();
  if (extension === 'tsv' || extension === 'tab') return 'tsv';
  return extension === 'ndjson' || extension === 'jsonl' ? 'ndjson' : 'csv';
}
