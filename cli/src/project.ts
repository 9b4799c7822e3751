import type { LoadArguments } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { type Database, readConfig } from './drizzle-config.ts';
import { importSchema, type SchemaModule } from './schema-file.ts';
import type { Casing } from './target-columns.ts';

/** What the arguments and drizzle-kit's configuration say of the project. */
export interface Project {
  readonly schema: SchemaModule;
  /** It may be missing with `--dry-run` or `--embedded`. */
  readonly database: Database | undefined;
  readonly casing: Casing | undefined;
}

/**
 * The configuration is read if it is given, or if no schema is. An argument comes before it, and it before `DATABASE_URL`.
 *
 * @throws {CommandError} if there is no schema or no database
 */
export async function openProject(args: LoadArguments): Promise<Project> {
  const config =
    args.config === undefined && args.schema !== undefined ? undefined : await readConfig(args.config);
  const database = args.embedded ? undefined : (args.url ?? config?.database ?? process.env.DATABASE_URL);
  if (!database && !args.embedded && !args.dryRun) {
    throw new CommandError(
      'no database: give --url, or set DATABASE_URL; or try it with --embedded, on a PostgreSQL of its own',
    );
  }
  const paths = args.schema === undefined ? (config?.schema ?? []) : [args.schema];
  if (paths.length === 0) throw new CommandError('the configuration names no schema: give --schema');
  return {
    schema: await importSchema(paths),
    database: database || undefined,
    casing: args.casing ?? config?.casing,
  };
}
