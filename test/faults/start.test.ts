import { describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import {
  allOfFlight,
  noneOfFlight,
  oneConnection,
  queueFlight,
  readFlight,
  settling,
} from '../support/flights.ts';
import { endsDuring } from '../support/process-events.ts';
import { logs } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });
let flights = 0;

describe('a connection that is struck as it starts ends no process:', () => {
  const faults = ['terminated', 'closed', 'reset'] as const;
  const ways = ['in a transaction', 'outside'] as const;
  test.each(faults.flatMap((fault) => ways.map((way) => [fault, way] as const)))(
    '%s, %s',
    async (fault, way) => {
      const relay = await database.faultRelay();
      const db = batchedDrizzle(database.client({ ...oneConnection, url: relay.url }));
      const write = (name: string): Promise<unknown> =>
        way === 'outside'
          ? Promise.all(queueFlight(db, name))
          : db.transaction(async (tx) => void queueFlight(tx, name));
      const name = `flight ${flights++}`;
      let settled: PromiseSettledResult<unknown> | undefined;
      const ends = await endsDuring(async () => {
        const held = relay.hold(driver.start);
        const writing = settling(write(name), name);
        const wire = await held;
        if (fault === 'terminated') {
          await check`select pg_terminate_backend(${wire.pid}, 5000)`;
          wire.release();
        } else wire.cut(fault === 'closed' ? 'close' : 'reset');
        settled = await writing;
        expect(await settling(write(`next ${name}`), 'the next call')).toMatchObject({ status: 'fulfilled' });
      });
      expect(ends).toEqual([]);
      // No statement was sent, so the outcome can't be unknown.
      if (settled?.status === 'rejected') expect(String(settled.reason)).not.toMatch(/unknown/);
      expect(await readFlight(check, name)).toEqual(
        settled?.status === 'fulfilled' ? allOfFlight : noneOfFlight,
      );
      expect(await readFlight(check, `next ${name}`)).toEqual(allOfFlight);
    },
  );
});

describe('a call whose connection had died under the one before', () => {
  const calls: [way: string, call: (db: BatchedDatabase) => Promise<unknown>][] = [
    ['a transaction', (db) => db.transaction(async (tx) => void queueFlight(tx, `flight ${flights++}`))],
    ['an insert by itself', async (db) => db.insert(logs).values({ level: 'revived', message: 'by itself' })],
  ];

  test.each(calls)('is served: %s', async (_, call) => {
    const client = database.client(oneConnection);
    const db = batchedDrizzle(client);
    const [row] = await driver.query(client, 'select pg_backend_pid() as pid');
    const pid = row?.pid as number;
    const dying = settling(driver.query(client, 'select pg_sleep(30)'), 'what dies');
    await expect
      .poll(() => check`select 1 from pg_stat_activity where pid = ${pid} and query like '%pg_sleep%'`)
      .toHaveLength(1);
    await check`select pg_terminate_backend(${pid}, 5000)`;
    expect(await dying).toMatchObject({ status: 'rejected' });
    expect(await settling(call(db), 'the next call')).toMatchObject({ status: 'fulfilled' });
  });

  test.each(calls)('is served, if an error had not been answered to its end: %s', async (_, call) => {
    const relay = await database.faultRelay();
    const client = database.client({ ...oneConnection, url: relay.url });
    const db = batchedDrizzle(client);
    await driver.query(client, 'select 1');
    const held = relay.hold({ side: 'server', words: /^ReadyForQuery$/ });
    const failing = settling(driver.query(client, 'select 1 / 0'), 'what fails');
    (await held).cut('close');
    expect(await failing).toMatchObject({ status: 'rejected' });
    expect(await settling(call(db), 'the next call')).toMatchObject({ status: 'fulfilled' });
  });

  test('so are as many as the pool has connections, all of which died', async () => {
    const max = 4;
    const client = database.client({ ...oneConnection, max });
    const db = batchedDrizzle(client);
    const sleeping = Array.from({ length: max }, () =>
      settling(driver.query(client, 'select pg_sleep(30)'), 'what dies'),
    );
    const asleep = () => check<{ pid: number }[]>`
      select pid from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%'`;
    await expect.poll(asleep).toHaveLength(max);
    await check`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where datname = current_database() and query like 'select pg_sleep%'`;
    await Promise.all(sleeping);
    const calls = Array.from({ length: 2 * max }, (_, number) =>
      settling(
        number % 2
          ? db.transaction(async (tx) => void queueFlight(tx, 'revived'))
          : db.insert(logs).values({ level: 'revived', message: `${number}` }),
        'the next call',
      ),
    );
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set(['fulfilled']));
  });
});
