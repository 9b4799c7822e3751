import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Sql } from 'postgres';
import { columns } from '../../examples/users-file.ts';
import { runLoad } from './command.ts';

/** A statement that must hold, and the value that was found. */
export interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly found: string;
}

/**
 * Checks the table against the file: its rows, ordered by id and formatted as in the file, must give the
 * file's bytes.
 */
export async function checkRows(client: Sql, file: string): Promise<Check> {
  const written = createHash('sha256').update(`${columns.join(',')}\n`);
  for await (const rows of client`
    select concat_ws(',',
      username,
      case when name = '' or name ~ '[",\n]' then '"' || replace(name, '"', '""') || '"' else coalesce(name, '') end,
      email,
      coalesce(age::text, ''),
      to_char(joined_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS+00')) as line
    from users order by id`.cursor(10_000)) {
    for (const { line } of rows) written.update(`${line}\n`);
  }
  const wanted = createHash('sha256');
  for await (const part of createReadStream(file)) wanted.update(part);
  const digest = written.digest('hex');
  return {
    what: 'every row is right: the table, written as the file is, has the digest of the file',
    holds: digest === wanted.digest('hex'),
    found: `sha256 ${digest}`,
  };
}

/** A load with a bad line may take so much longer than one without. */
const mostOfSkip = 1.5;

/** Checks that a bad line fails the load, and that with `--on-error skip` only this line is left out. */
export async function checkBadLine(url: string, client: Sql, file: string, rows: number): Promise<Check[]> {
  const row = Math.min(700_001, rows);
  const bad = `${file}.bad.csv`;
  const rejects = `${file}.rejects.csv`;
  const line = await spoilAge(file, bad, row);

  await client`truncate users`;
  const failed = await runLoad(url, bad);
  const expected = `${bad}, line ${line}, column "age": "ninety" is refused: invalid input syntax for type integer: "ninety"; nothing is written`;
  const afterFailure = await countUsers(client);

  const skipped = await runLoad(url, bad, '--on-error', 'skip', '--rejects', rejects);
  const afterSkip = await countUsers(client);
  await client`truncate users`;
  const clean = await runLoad(url, file);
  const times = Math.round((skipped.ms / clean.ms) * 100) / 100;
  const rejected = readFileSync(rejects, 'utf8').trimEnd().split('\n').slice(1);
  return [
    {
      what: `a bad line at row ${row}: the error names file, line, column, value and why; nothing is written`,
      holds: failed.code === 1 && failed.stderr.includes(expected) && afterFailure === 0,
      found: `exit code ${failed.code}, ${afterFailure} rows; ${failed.stderr.trim().replace(bad, 'the file')}`,
    },
    {
      what: 'with --on-error skip all others are written, and the line is in the rejects file',
      holds: skipped.code === 3 && afterSkip === rows - 1 && rejected[0]?.startsWith(`${line},`) === true,
      found: `exit code ${skipped.code}, ${afterSkip} rows; ${rejected.join('; ')}`,
    },
    {
      what: `with --on-error skip it takes less than ${mostOfSkip} times as long as without the bad line`,
      holds: times < mostOfSkip,
      found: `${times} times: ${Math.round(skipped.ms)} ms and ${Math.round(clean.ms)} ms, one behind the other`,
    },
  ];
}

async function countUsers(client: Sql): Promise<number> {
  const [row] = await client`select count(*)::int as users from users`;
  return row?.users as number;
}

/** Copies the file with an invalid age in that row. Returns the line on which the row begins. */
async function spoilAge(from: string, to: string, row: number): Promise<number> {
  const out = createWriteStream(to);
  // The names in the file contain the number of the user, from 0.
  const begins = new RegExp(`^[a-z]+${row - 1},`);
  const age = /(@example\.com),\d*,/;
  let [lines, found, isSpoilt] = [0, 0, false];
  for await (const line of createInterface({ input: createReadStream(from) })) {
    lines++;
    if (begins.test(line)) found = lines;
    const spoils = found > 0 && !isSpoilt && age.test(line);
    if (spoils) isSpoilt = true;
    if (!out.write(`${spoils ? line.replace(age, '$1,ninety,') : line}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return found;
}
