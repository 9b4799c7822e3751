import { expect, test } from 'vitest';
import type { Connection } from '../../src/driver.ts';
import { commit, rollback, sendFlight } from '../../src/send.ts';
import type { Answer, Statement } from '../../src/statement.ts';

/** A connection that answers every statement with a tag, and notes what was sent. */
function connection(tag: string, sent: string[] = []): Connection {
  const answer = async ({ text }: Statement) => {
    sent.push(text);
    return Object.assign([], { count: null, command: tag }) as Answer;
  };
  return { hasBegun: true, isOpen: false, send: answer, finish: answer } as unknown as Connection;
}

test('COMMIT that is answered with ROLLBACK has not committed, and says so', async () => {
  await expect(commit(connection('COMMIT'))).resolves.toBeUndefined();
  await expect(commit(connection('ROLLBACK'))).rejects.toMatchObject({ code: 'TRANSACTION_NOT_COMMITTED' });
});

test('ROLLBACK that is rejected is sent again until the connection is back', async () => {
  const sent: string[] = [];
  const held = {
    get isOpen() {
      return sent.length < 3;
    },
    finish: async ({ text }: Statement) => {
      sent.push(text);
      throw new Error('57014');
    },
  };
  await rollback(held as unknown as Connection);
  expect(sent).toEqual(['rollback', 'rollback', 'rollback']);
});

test('what is not guarded waits for the answer of BEGIN, and its flight with it', async () => {
  const statement = (text: string, guarded: boolean): Statement => ({
    text,
    params: [],
    answer: 'values',
    guarded,
  });
  const flightOf = async (...guarded: boolean[]) => {
    const sent: string[] = [];
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = () => {
        sent.push('begun');
        resolve();
      };
    });
    const waiting = Object.assign(connection('INSERT', sent), { hasBegun: false, begun });
    const flight = sendFlight(
      waiting,
      guarded.map((is) => statement(is ? 'guarded' : 'unguarded', is)),
      false,
    );
    begin();
    await flight;
    return sent;
  };
  expect(await flightOf(true, true)).toEqual(['guarded', 'guarded', 'begun']);
  expect(await flightOf(true, false)).toEqual(['begun', 'guarded', 'unguarded']);
});

test('a statement with more parameters than can be sent keeps its whole flight back', async () => {
  const sent: string[] = [];
  const statement = (params: number): Statement => ({
    text: `${params}`,
    params: Array.from({ length: params }, () => ''),
    answer: 'values',
    guarded: true,
  });
  const flight = sendFlight(connection('INSERT', sent), [statement(1), statement(65_534)], true);
  await expect(flight).rejects.toMatchObject({ code: 'MAX_PARAMETERS_EXCEEDED' });
  expect(sent).toEqual([]);
  await sendFlight(connection('INSERT', sent), [statement(1), statement(65_533)], false);
  expect(sent).toEqual(['1', '65533']);
});
