import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src/postgres-js/internals.ts';
import { rawTransactionOf } from '../../../src/postgres-js/raw-transaction.ts';

/** @param types the array types that the server has told when a connection started */
const clientOf = (max: number, types = {}) =>
  ({ begin() {}, options: { max, shared: { typeArrayMap: types } } }) as unknown as Client;

/** Whether the server would have to be asked. Here there is none. */
function mustAsk(client: Client): boolean {
  const isOpen = rawTransactionOf(client).isOpen();
  if (isOpen) isOpen.catch(() => {});
  return isOpen !== false;
}

describe('a transaction may be open', () => {
  test.each<[texts: string[], mayBeOpen: boolean]>([
    [[], false],
    [['begin'], true],
    [['BEGIN isolation level serializable'], true],
    [['  start  transaction read only'], true],
    [['select 1; begin; select 2'], true],
    [['/* from here */ begin -- now'], true],
    [['begin', 'commit'], false],
    [['begin', 'ROLLBACK ;'], false],
    [['begin', 'end'], false],
    [['begin', 'abort work'], false],
    [['begin', 'savepoint a', 'rollback to a'], true],
    [['begin', 'commit and chain'], true],
    [['begin', "prepare transaction 'a'"], true],
    [['begin', 'commit; begin'], true],
    // It may fail ahead of its end.
    [['begin', 'select 1 / 0; commit'], true],
    [['begin', "insert into a values ('; commit;')"], true],
    [['begin', 'select case when true then 1 end'], true],
    [['begin', 'do $$ begin perform 1; end $$'], true],
    [['commit'], false],
    [['insert into a (begins, started) values (1, 2)'], false],
  ])('behind %o: %s', (texts, mayBeOpen) => {
    const client = clientOf(1);
    for (const text of texts) rawTransactionOf(client).note(text);
    expect(mustAsk(client)).toBe(mayBeOpen);
  });

  test('if others have used the connection before', () => {
    expect(mustAsk(clientOf(1, { 1000: 16 }))).toBe(true);
  });

  test('always on a client that can begin none: it is one connection of the program', async () => {
    const { begin: _, ...handedOut } = clientOf(3);
    await expect(rawTransactionOf(handedOut as Client).isOpen()).resolves.toBe(true);
  });

  test.each(['savepoint', 'release'])(
    'also if the program has given one with %s() a begin()',
    async (method) => {
      const shim = Object.assign(clientOf(3), { [method]() {} });
      await expect(rawTransactionOf(shim).isOpen()).resolves.toBe(true);
    },
  );

  test('never on a pool of several connections: postgres.js refuses it', () => {
    const client = clientOf(2, { 1000: 16 });
    rawTransactionOf(client).note('begin');
    expect(mustAsk(client)).toBe(false);
  });
});
