import { describe, expect, test } from 'vitest';
import { runScript } from '../../support/run-script.ts';

/** The stderr of a process that runs `code` and then has no work left. */
async function lastWordsOf(code: string): Promise<string> {
  const { stderr } = await runScript(`const { users } = schema; const db = batchedDrizzle.mock(); ${code}`);
  return stderr;
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

test('inserts are queued and warned of also where the process has no events, as in an older Worker', async () => {
  const said = await lastWordsOf(`
    Object.assign(process, { on: undefined, listeners: undefined, emitWarning: undefined });
    db.insert(users).values({ name: 'a' });
    console.error(db.pending);
    const other = batchedDrizzle.mock();
    other.insert(users).values({ name: 'b' }).toSQL();
    await other.flush();`);
  expect(said).toBe(
    '1\n[BATCHED_DRIZZLE_DESCRIBED] BatchedDrizzleWarning: an insert of 1 row into "users" was described (toSQL, getSQL or prepare) and never awaited; flush() does not write it\n',
  );
});

test('a database is not held for an insert that was only described, nor inserts that nobody awaits for their errors', async () => {
  const said = await lastWordsOf(`
    const { setFlagsFromString } = await import('node:v8');
    setFlagsFromString('--expose-gc');
    const gc = (await import('node:vm')).runInNewContext('gc');
    const held = [];
    const hold = (object) => void held.push(new WeakRef(object));
    (() => {
      for (let index = 0; index < 200; index++) {
        const other = batchedDrizzle.mock();
        other.insert(users).values({ name: 'a' }).toSQL();
        hold(other.unit);
        hold(db.insert(schema.events).values({ at: 'no date' }));
      }
    })();
    for (let turn = 0; turn < 3; turn++) {
      await new Promise(setImmediate);
      gc();
    }
    console.error(held.filter((ref) => ref.deref()).length);`);
  expect(Number(said)).toBeLessThanOrEqual(150);
});
