import { describe, expect, test } from 'vitest';
import type { Client } from '../../../src/postgres-js/internals.ts';
import { rawTransactionOf } from '../../../src/postgres-js/raw-transaction.ts';

const clientOf = (max: number) => ({ options: { max } }) as unknown as Client;

describe('a transaction is open by its texts', () => {
  test.each<[texts: string[], isOpen: boolean]>([
    [['begin'], true],
    [['BEGIN isolation level serializable'], true],
    [['  start  transaction read only'], true],
    [['select 1; begin; select 2'], true],
    [['begin -- now'], true],
    [["/* from: 'here' */ begin; -- and\nselect 1"], true],
    [['begin', 'commit /* then */'], false],
    [['begin', '-- commit\nselect 1 /*; commit;*/'], true],
    [['begin', 'commit'], false],
    [['begin', 'ROLLBACK'], false],
    [['begin', 'end'], false],
    [['begin', 'abort work'], false],
    [['begin', "prepare transaction 'a'"], false],
    [['begin', 'savepoint a', 'rollback to a'], true],
    [['begin', 'rollback work to savepoint a'], true],
    [['begin', 'commit and chain'], true],
    [['begin', 'commit and no chain'], false],
    [['begin', 'select 1; commit; select 2'], false],
    [['begin; insert into a values (1); commit'], false],
    [['commit and chain'], false],
    [['create function f() returns int language plpgsql as $$ begin return 1; end $$'], false],
    [['begin', 'create function f() returns int language plpgsql as $$ begin return 1; end $$'], true],
    [['begin', 'select case when true then 1 end'], true],
    [['select begin from ends'], false],
    [['BEGIN TRANSACTION READ ONLY'], true],
  ])('%o: %s', (texts, isOpen) => {
    const raw = rawTransactionOf(clientOf(1));
    for (const text of texts) raw.note(text);
    expect(raw.isOpen).toBe(isOpen);
  });

  test('never on a pool of several connections: postgres.js refuses it', () => {
    const raw = rawTransactionOf(clientOf(2));
    raw.note('begin');
    expect(raw.isOpen).toBe(false);
  });
});
