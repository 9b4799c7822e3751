import { readFileSync } from 'node:fs';
import { Command, type CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandError } from './command-error.ts';
import type { Casing } from './target-columns.ts';
import { type TraceArguments, traceCommand } from './trace/arguments.ts';

export type FileFormat = 'csv' | 'tsv' | 'ndjson';

/** The arguments and options of `load`. */
export interface LoadArguments {
  /** A path; `undefined` or `-` is stdin. */
  readonly file: string | undefined;
  readonly schema: string;
  readonly table: string;
  readonly url: string | undefined;
  readonly embedded: boolean;
  readonly migrations: string | undefined;
  readonly casing: Casing | undefined;
  readonly format: FileFormat | undefined;
  readonly delimiter: string | undefined;
  readonly onError: 'fail' | 'skip';
  readonly rejects: string | undefined;
  readonly onConflict: 'error' | 'nothing';
  readonly commitEvery: number | undefined;
  readonly chunkRows: number;
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
  const delimiter = (text: string) => {
    const character = text === '\\t' || text === 'tab' ? '\t' : text;
    if (!/^[^"\r\n]$/.test(character))
      throw new InvalidArgumentError('one character is wanted, and no quote.');
    return character;
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
    .description('Load a file of rows into a table of a drizzle schema, all of it or nothing.')
    .argument('[file]', 'CSV, TSV or lines of JSON, gzipped or not; stdin if missing or -')
    .requiredOption('--schema <file>', 'the module of drizzle tables')
    .requiredOption('--table <name>', 'the table: its export in the schema, or its name in the database')
    .option('--url <url>', 'the database (default: DATABASE_URL)')
    .option('--embedded', 'try it on a temporary PostgreSQL with empty tables', false)
    .option(
      '--migrations <folder>',
      'with --embedded: create the tables by these migrations, not by the schema',
    )
    .addOption(new Option('--casing <casing>', 'as given to drizzle()').choices(['snake_case', 'camelCase']))
    .addOption(
      new Option('--format <format>', 'if not that of the file name').choices(['csv', 'tsv', 'ndjson']),
    )
    .option('--delimiter <character>', 'between fields (default: a comma, in .tsv a tab)', delimiter)
    .addOption(
      new Option('--on-error <what>', 'at a bad row: write nothing, or all other rows')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .option('--rejects <file>', 'with --on-error skip: the file for rejected rows')
    .addOption(
      new Option('--on-conflict <what>', 'at a row that already exists')
        .choices(['error', 'nothing'])
        .default('error'),
    )
    .option('--commit-every <rows>', 'commit after so many rows; a failure keeps committed rows', positive)
    .option(
      '--chunk-rows <rows>',
      'rows of one round trip; use more if the server is far away',
      positive,
      2_500,
    )
    .option('--dry-run', 'parse and check all rows, and write nothing', false)
    .option('--json', 'print the result as one line of JSON', false)
    .addHelpText('after', exitCodeHelp)
    .action((file: string | undefined, options: Omit<LoadArguments, 'file'>) => {
      given = { name: 'load', args: { ...options, file } };
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

function checkTogether({ rejects, onError, migrations, embedded, url }: LoadArguments): void {
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
