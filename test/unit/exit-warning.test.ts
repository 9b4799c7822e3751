import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';

const library = new URL('../../src/index.ts', import.meta.url).href;
const schema = new URL('../support/schema.ts', import.meta.url).href;

/** What a process says on stderr that runs `code` and then has no work left. */
async function lastWordsOf(code: string): Promise<string> {
  const source = `
    import { batchedDrizzle } from ${JSON.stringify(library)};
    import { users } from ${JSON.stringify(schema)};
    const db = batchedDrizzle.mock();
    ${code}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(status).toBe(0);
  return said;
}

describe('when the process runs out of work, rows still queued on the database', () => {
  test('are reported with process.emitWarning', async () => {
    const said = await lastWordsOf(`
      db.insert(users).values({ name: 'a' });
      db.insert(users).values([{ name: 'b' }, { name: 'c' }]);`);
    expect(said).toContain(
      '[BATCHED_DRIZZLE_ROWS_LEFT] BatchedDrizzleWarning: 3 rows queued on a batched database, never awaited or flushed, were not written; await db.flush()',
    );
    expect(said.match(/BATCHED_DRIZZLE_ROWS_LEFT/g)).toHaveLength(1);
  });

  test('are not reported where there are none', async () => {
    expect(await lastWordsOf("db.insert(users).values({ name: 'a' }).toSQL();")).toBe('');
  });
});
