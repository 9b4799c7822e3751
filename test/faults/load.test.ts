import type { ISql } from 'postgres';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, driver, rowsOf } from '../support/drivers/chosen.ts';
import type { FaultRelay, HeldWire, HoldPoint } from '../support/fault-relay.ts';
import { faults } from '../support/faults.ts';
import { oneConnection, settling } from '../support/flights.ts';
import { endsDuring } from '../support/process-events.ts';
import { logs } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const stages: Record<string, HoldPoint> = {
  'before BEGIN': { side: 'client', words: /^begin/ },
  'before the facts are learned': { side: 'client', words: /json_build_array/ },
  'before COPY': { side: 'client', words: /^copy/ },
  'with the data on its way': { side: 'server', words: /^COPY/ },
  'before COMMIT': { side: 'client', words: /^commit/ },
  'after COMMIT was sent and before its answer': { side: 'server', words: /^COMMIT/ },
};

const rows = 30;

/** A source of rows that notes its end. */
class Source {
  hasEnded = false;

  *[Symbol.iterator]() {
    try {
      for (let n = 0; n < rows; n++) yield { level: 'info', message: `row ${n}` };
    } finally {
      this.hasEnded = true;
    }
  }
}

type Way = (
  db: BatchedDatabase,
  source: Source,
  hear: (load: PromiseLike<unknown>) => void,
) => PromiseLike<unknown>;

/** @param hear is called with the load */
const ways: Record<string, Way> = {
  'in one transaction': (db, source, hear) => heard(db.load(logs, source, { chunkRows: 10 }), hear),
  'in a transaction of the caller': (db, source, hear) =>
    db.transaction(async (tx) => heard(tx.load(logs, source, { chunkRows: 10 }), hear)),
  'by INSERT': (db, source, hear) =>
    heard(db.load(logs, source, { chunkRows: 10, onConflict: 'nothing' }), hear),
};

function heard<T extends PromiseLike<unknown>>(load: T, hear: (load: T) => void): T {
  hear(load);
  return load;
}

const check = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;

beforeEach(async () => {
  await check`truncate logs`;
  relay = await database.faultRelay();
  db = batchedDrizzle(database.client({ ...oneConnection, url: relay.url }));
  await db.execute('select 1');
});

const written = async (): Promise<number> => (await check`select from logs`).length;

const cases = Object.keys(stages).flatMap((stage) =>
  Object.keys(faults).flatMap((fault) =>
    Object.keys(ways)
      .filter((way) => way !== 'by INSERT' || !/COPY|data/.test(stage))
      .map((way) => [fault, stage, way] as const),
  ),
);

describe('a load settles, the process lives, rows are all there or none, the pool serves the next call:', () => {
  test.each(cases)('%s %s, %s', async (fault, stage, way) => {
    const source = new Source();
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      const held = relay.hold(stages[stage] as HoldPoint);
      const loading = settling(
        ways[way]?.(db, source, () => {}) as PromiseLike<unknown>,
        `a load, ${fault} ${stage}`,
      );
      const wire = await held;
      await faults[fault]?.(wire, check);
      settled = await loading;
      const next = await settling(db.execute('select 1'), 'the next call');
      // Statements that are sent before the client notices the loss are lost with the connection.
      if (next.status === 'rejected') await db.execute('select 1');
    });
    expect(ends).toEqual([]);
    const found = await written();
    expect([0, rows]).toContain(found);
    if (settled?.status === 'fulfilled') {
      expect(fault).toMatch(/cancelled|terminated/);
      expect(found).toBe(rows);
      return;
    }
    // A source that no row was requested from need not end.
    expect(source.hasEnded || !/data|COMMIT/.test(stage)).toBe(true);
    const message = (settled?.reason as Error | undefined)?.message;
    const mayBeUnknown = /COMMIT/.test(stage) && fault !== 'cancelled';
    if (/unknown/.test(message ?? '')) expect(mayBeUnknown).toBe(true);
    else {
      const isTold = driver.endOfSessionIsAnswer && fault === 'the backend terminated';
      expect(mayBeUnknown && !isTold).toBe(false);
      expect(found).toBe(0);
    }
  });
});

describe('a lost connection ends a load whose source gives nothing,', () => {
  test.each(['in one transaction', 'in a transaction of the caller'])('%s', async (way) => {
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const cancelled = vi.fn();
    const source = new ReadableStream<never>(
      { pull: () => isAsked(), cancel: cancelled },
      { highWaterMark: 0 },
    );
    let load: PromiseLike<unknown> | undefined;
    const ends = await endsDuring(async () => {
      if (way === 'in one transaction') load = db.load(logs, source);
      const work =
        ways[way]?.(db, source as never, (started) => {
          load = started;
        }) ?? Promise.resolve();
      const loading = settling(work, 'the load or its transaction');
      await asked;
      relay.cutOne(() => 0, 'close');
      expect(await loading).toMatchObject({ status: 'rejected' });
      expect(await settling(load as PromiseLike<unknown>, 'the load')).toMatchObject({
        status: 'rejected',
        reason: { code: 'LOAD_FAILED' },
      });
    });
    expect(ends).toEqual([]);
    expect(cancelled).toHaveBeenCalledOnce();
  });
});

describe('with commitEvery', () => {
  test('a lost connection rejects with what was committed before, which stands', async () => {
    let settled: PromiseSettledResult<unknown> | undefined;
    const ends = await endsDuring(async () => {
      let wire: HeldWire | undefined;
      const load = db.load(logs, new Source(), {
        commitEvery: 10,
        onProgress: ({ rows: done }) => {
          if (done === 20) relay.hold({ side: 'client', words: /^copy/ }).then((held) => held.cut('close'));
        },
      });
      settled = await settling(load, 'a load that commits in between');
      wire?.release();
    });
    expect(ends).toEqual([]);
    expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'LOAD_FAILED', committed: 20 } });
    expect(await written()).toBe(20);
  });
});

describe('a signal', () => {
  test('stops a load that waits for a lock, at once, and the server stops waiting, too', async () => {
    await check.begin(async (sql) => {
      await sql`lock table logs in exclusive mode`;
      const controller = new AbortController();
      const loading = settling(db.load(logs, new Source(), { signal: controller.signal }), 'a load');
      await waitingForLock(sql);
      controller.abort('enough');
      expect(await loading).toEqual({ status: 'rejected', reason: 'enough' });
      // The only connection is free again while the lock is still held.
      expect(await settling(db.execute('select 1'), 'the next call')).toMatchObject({ status: 'fulfilled' });
    });
    expect(await written()).toBe(0);
  });

  test('stops one in a transaction, which goes on while the lock is still held', async () => {
    await check.begin(async (sql) => {
      await sql`lock table logs in exclusive mode`;
      const controller = new AbortController();
      const work = db.transaction(async (tx) => {
        const loading = settling(tx.load(logs, new Source(), { signal: controller.signal }), 'a load');
        await waitingForLock(sql);
        controller.abort('enough');
        expect(await loading).toEqual({ status: 'rejected', reason: 'enough' });
        expect(rowsOf(await tx.execute('select 1 as one'))).toEqual([{ one: 1 }]);
      });
      expect(await settling(work, 'the transaction')).toMatchObject({ status: 'fulfilled' });
    });
    expect(await written()).toBe(0);
  });

  test('stops a load in mid-data', async () => {
    const controller = new AbortController();
    const held = relay.hold({ side: 'server', words: /^COPY/ });
    const loading = settling(db.load(logs, new Source(), { signal: controller.signal }), 'a load');
    const wire = await held;
    controller.abort('enough');
    expect(await loading).toEqual({ status: 'rejected', reason: 'enough' });
    wire.release();
    expect(await settling(db.execute('select 1'), 'the next call')).toMatchObject({ status: 'fulfilled' });
    expect(await written()).toBe(0);
  });

  test('that comes behind COMMIT stops nothing: the load says what the server has made of it', async () => {
    const controller = new AbortController();
    const held = relay.hold({ side: 'server', words: /^COMMIT/ });
    const load = db.load(logs, new Source(), { signal: controller.signal });
    const loading = settling(load, 'a load');
    const wire = await held;
    controller.abort('enough');
    wire.release();
    expect(await loading).toMatchObject({ status: 'fulfilled', value: { rows } });
    expect(load.committed).toBe(rows);
    expect(await written()).toBe(rows);
  });

  test('that comes during a COMMIT in between stops the load behind it', async () => {
    const controller = new AbortController();
    const held = relay.hold({ side: 'server', words: /^COMMIT/ });
    const load = db.load(logs, new Source(), { signal: controller.signal, commitEvery: 10 });
    const loading = settling(load, 'a load');
    const wire = await held;
    controller.abort('enough');
    wire.release();
    expect(await loading).toEqual({ status: 'rejected', reason: 'enough' });
    expect(load.committed).toBe(10);
    expect(await written()).toBe(10);
  });

  test('stops a load whose source never gives another row', async () => {
    const controller = new AbortController();
    const source = new ReadableStream({
      start: (feed) => feed.enqueue({ level: 'info', message: 'only' }),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    let cancelled: unknown;
    const loading = settling(db.load(logs, source, { chunkRows: 1, signal: controller.signal }), 'a load');
    setTimeout(() => controller.abort('enough'), 50);
    expect(await loading).toEqual({ status: 'rejected', reason: 'enough' });
    expect(await settling(db.execute('select 1'), 'the next call')).toMatchObject({ status: 'fulfilled' });
    expect(cancelled).toBe('enough');
    expect(await written()).toBe(0);
  });

  test('that is aborted already opens no transaction', async () => {
    const source = new Source();
    const loading = settling(db.load(logs, source, { signal: AbortSignal.abort('never') }), 'a load');
    expect(await loading).toEqual({ status: 'rejected', reason: 'never' });
    expect(await written()).toBe(0);
  });
});

async function waitingForLock(sql: ISql): Promise<void> {
  const waiting = () =>
    sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  for (let looks = 0; looks < 1_000 && (await waiting()).length === 0; looks++);
}
