import type { Sql } from 'postgres';

/** Makes a foreign server of a database that the server of `coordinator` can reach. */
export async function makeForeignServer(coordinator: Sql, name: string, target: string): Promise<void> {
  const { hostname, port, pathname, username, password } = new URL(target);
  await coordinator.unsafe(`
    create extension if not exists postgres_fdw;
    create server ${name} foreign data wrapper postgres_fdw
      options (host '${hostname}', port '${port}', dbname '${pathname.slice(1)}', batch_size '1000');
    create user mapping for current_user server ${name} options (user '${username}', password '${password}')`);
}

/** Whether the server has what foreign tables need. */
export async function hasForeignTables(sql: Sql): Promise<boolean> {
  const [known] = await sql`select from pg_available_extensions where name = 'postgres_fdw'`;
  return known !== undefined;
}
