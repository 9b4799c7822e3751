import { readFileSync } from 'node:fs';
import { Command, type CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandError } from './command-error.ts';
import type { Casing } from './target-columns.ts';
import { type TraceArguments, traceCommand } from './trace/arguments.ts';
import type { OnConflict } from './write/target.ts';

export type FileFormat = 'csv' | 'tsv' | 'ndjson';

/** The arguments and options of `load`. */
export interface LoadArguments {
  /** Paths; none, or `-`, is stdin. */
  readonly files: readonly string[];
  /** A path or glob; `undefined` is that of drizzle-kit's configuration. */
  readonly schema: string | undefined;
  readonly config: string | undefined;
  readonly table: string;
  readonly url: string | undefined;
  readonly embedded: boolean;
  readonly migrations: string | undefined;
  readonly casing: Casing | undefined;
  readonly format: FileFormat | undefined;
  readonly delimiter: string | undefined;
  readonly quote: string;
  readonly escape: string | undefined;
  readonly null: string;
  readonly encoding: string | undefined;
  readonly header: 'match' | 'none';
  /** The names of the fields, with `--header none`. */
  readonly columns: readonly string[] | undefined;
  readonly trimHeader: boolean;
  readonly ignoreUnknown: boolean;
  readonly dateStyle: string | undefined;
  readonly onError: 'fail' | 'skip';
  readonly rejects: string | undefined;
  readonly onConflict: OnConflict;
  readonly commitEvery: number | undefined;
  readonly chunkRows: number | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What was called. */
export type Arguments =
  | { readonly name: 'load'; readonly args: LoadArguments }
  | { readonly name: 'trace'; readonly args: TraceArguments };

/** Returns nothing if help or the version was requested; commander has already printed it then. */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  let given: Arguments | undefined;
  const positive = (text: string) => {
    if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('a positive integer is wanted.');
    return Number(text);
  };
  const character = (text: string) => {
    const given = text === '\\t' || text === 'tab' ? '\t' : text;
    if (given.length !== 1 || given.charCodeAt(0) > 127 || /[\r\n]/.test(given))
      throw new InvalidArgumentError('one character of ASCII is wanted.');
    return given;
  };
  const program = new Command('batched-drizzle-cli').version(version()).exitOverride();
  program.enablePositionalOptions();
  program.addCommand(
    traceCommand((args) => {
      given = { name: 'trace', args };
    }),
  );
  program
    .command('load')
    .description('Load files of rows into a table of a drizzle schema, all of them or nothing.')
    .argument('[files...]', 'CSV, TSV or lines of JSON, gzipped or not; stdin if missing or -')
    .option('--schema <path>', 'the module of drizzle tables, or a glob (default: that of the configuration)')
    .option('--config <file>', "drizzle-kit's configuration (default: drizzle.config.ts, .js or .json)")
    .requiredOption('--table <name>', 'the table: its export in the schema, or its name in the database')
    .option('--url <url>', 'the database (default: that of the configuration, or DATABASE_URL)')
    .option('--embedded', 'try it on a temporary PostgreSQL with empty tables', false)
    .option(
      '--migrations <folder>',
      'with --embedded: create the tables by these migrations, not by the schema',
    )
    .addOption(new Option('--casing <casing>', 'as given to drizzle()').choices(['snake_case', 'camelCase']))
    .addOption(
      new Option('--format <format>', 'if not that of the file name').choices(['csv', 'tsv', 'ndjson']),
    )
    .option('--delimiter <character>', 'between fields (default: a comma, in .tsv a tab)', character)
    .option('--quote <character>', 'around a field', character, '"')
    .option('--escape <character>', 'before a quote in a field (default: the quote)', character)
    .option('--null <text>', 'a field without quotes that is NULL', '')
    .option('--encoding <name>', 'of the file, as PostgreSQL names it: LATIN1, WIN1252 (default: UTF-8)')
    .addOption(
      new Option('--header <what>', 'the first line names the columns, or is a row')
        .choices(['match', 'none'])
        .default('match'),
    )
    .option(
      '--columns <names>',
      'with --header none: the column of each field, a comma between them',
      (names) => names.split(','),
    )
    .option('--trim-header', 'leave out spaces around the names in the header', false)
    .option('--ignore-unknown', 'leave out fields whose name is no column', false)
    .option('--date-style <style>', 'the order of day and month in dates, like DMY')
    .addOption(
      new Option('--on-error <what>', 'at a bad row: write nothing, or all other rows')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .option('--rejects <file>', 'with --on-error skip: the file for rejected rows')
    .addOption(
      new Option('--on-conflict <what>', 'at a row that already exists')
        .choices(['error', 'nothing', 'update'])
        .default('error'),
    )
    .option('--commit-every <rows>', 'commit after so many rows; a failure keeps committed rows', positive)
    .option(
      '--chunk-rows <rows>',
      'rows of one COPY (default: those of 4 MiB, or of 1 MiB of records that JavaScript reads)',
      positive,
    )
    .option('--dry-run', 'check all rows, by the server if there is one, and write nothing', false)
    .option('--json', 'print the result as one line of JSON', false)
    .addHelpText('after', exitCodeHelp)
    .action((files: string[], options: Omit<LoadArguments, 'files'>) => {
      given = { name: 'load', args: { ...options, files } };
    });
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    const { code, exitCode, message } = thrown as CommanderError;
    if (!code?.startsWith('commander.')) throw thrown;
    // Commander has already printed the message.
    if (exitCode !== 0 || code === 'commander.help')
      throw new CommandError('', undefined, { cause: message });
    return undefined;
  }
  if (given?.name === 'load') checkTogether(given.args);
  return given;
}

const exitCodeHelp = `
Exit codes:
  0    all rows are written (with --dry-run: would be)
  1    it failed: nothing is written, or with --commit-every what the message names
  2    the call is wrong: arguments, schema, header, database URL, a missing package
  3    rows were rejected (--on-error skip), and all others written
  130  interrupted by SIGINT (143: SIGTERM), and rolled back`;

function checkTogether(args: LoadArguments): void {
  const { rejects, onError, migrations, embedded, url, header, columns, files } = args;
  if ((header === 'none') !== (columns !== undefined))
    throw new CommandError('--header none and --columns go together');
  if (new Set(files).size < files.length) throw new CommandError('a file is given twice');
  if (rejects !== undefined && onError !== 'skip')
    throw new CommandError('--rejects goes with --on-error skip');
  if (migrations !== undefined && !embedded) throw new CommandError('--migrations goes with --embedded');
  if (url !== undefined && embedded)
    throw new CommandError('--url and --embedded are two databases: give one');
}

/** Of the command's own package, which is one folder up, both from `src` and from `dist`. */
function version(): string {
  const manifest = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
