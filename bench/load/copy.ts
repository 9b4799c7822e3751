import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { columns } from '../../examples/users-file.ts';

/** The comparison for the command: the unchanged bytes of the file go to the server's own CSV reader. */
export interface Copy {
  readonly how: string;
  run(url: string, file: string): Promise<{ readonly ms: number }>;
}

const target = `users (${columns.join(', ')}) from`;

/** `\copy` of psql, or COPY by postgres.js if psql is not installed. */
export async function findCopy(): Promise<Copy> {
  const version = await promisify(execFile)('psql', ['--version']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  if (version === undefined)
    return { how: 'COPY by postgres.js, as there is no psql', run: timed(copyByDriver) };
  return { how: `\\copy of ${version}`, run: timed(copyByPsql) };
}

function timed(copy: (url: string, file: string) => Promise<void>): Copy['run'] {
  return async (url, file) => {
    const started = performance.now();
    await copy(url, file);
    return { ms: performance.now() - started };
  };
}

async function copyByPsql(url: string, file: string): Promise<void> {
  const command = `\\copy ${target} '${file.replaceAll("'", "''")}' with (format csv, header)`;
  await promisify(execFile)('psql', ['--no-psqlrc', '--quiet', '-v', 'ON_ERROR_STOP=1', '-c', command, url]);
}

async function copyByDriver(url: string, file: string): Promise<void> {
  const client = postgres(url, { max: 1 });
  try {
    const copy = await client.unsafe(`copy ${target} stdin with (format csv, header)`).writable();
    await pipeline(createReadStream(file), copy);
  } finally {
    await client.end();
  }
}
