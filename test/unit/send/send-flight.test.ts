import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/driver/driver.ts';
import {
  type Answer,
  CopyStatement,
  command,
  EagerStatement,
  LazyStatement,
  type Statement,
} from '../../../src/driver/statement.ts';
import { postgresJsErrors } from '../../../src/postgres-js/errors.ts';
import { isLong, sendFlight } from '../../../src/send/send-flight.ts';
import { commit, rollback } from '../../../src/send/transaction-commands.ts';
import { times } from '../../support/copies.ts';

/** A connection that confirms every statement with a tag, and records the sent statements. */
function connection(tag: string, sent: string[] = []): Connection {
  const answer = async ({ text }: Statement) => {
    sent.push(text);
    return Object.assign([], { count: null, command: tag }) as Answer;
  };
  return {
    hasBegun: true,
    mayFollow: true,
    isOpen: false,
    send: answer,
    finish: answer,
  } as unknown as Connection;
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
    const waiting = Object.assign(connection('INSERT', sent), { hasBegun: false, mayFollow: false, begun });
    const flight = sendFlight(
      waiting,
      guarded.map((is) => statement(is ? 'guarded' : 'unguarded', is)),
      'open',
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
  const flight = sendFlight(connection('INSERT', sent), [statement(1), statement(65_534)], 'commit');
  await expect(flight).rejects.toMatchObject({ code: 'MAX_PARAMETERS_EXCEEDED' });
  expect(sent).toEqual([]);
  await sendFlight(connection('INSERT', sent), [statement(1), statement(65_533)], 'open');
  expect(sent).toEqual(['1', '65533']);
});

describe('statements of many rows', () => {
  const large = (count: number): LazyStatement[] =>
    times(count, (n) => new LazyStatement(() => ({ text: `${n}`, params: [] }), true, 2 * 1024 * 1024));

  /** A connection whose results the test resolves. */
  function slow() {
    const sent: string[] = [];
    const answers: PromiseWithResolvers[] = [];
    const send = ({ text }: Statement): Promise<Answer> => {
      sent.push(text);
      const answer = makeResolvers();
      answers.push(answer);
      return answer.promise;
    };
    const finish = connection('COMMIT', sent).finish;
    return {
      sent,
      answers,
      connection: {
        hasBegun: true,
        mayFollow: true,
        begun: Promise.resolve(),
        send,
        finish,
      } as never as Connection,
    };
  }

  interface PromiseWithResolvers {
    readonly promise: Promise<Answer>;
    resolve(): void;
    reject(error: Error): void;
  }

  function makeResolvers(): PromiseWithResolvers {
    let [resolve, reject] = [(): void => {}, (_: Error): void => {}];
    const promise = new Promise<Answer>((fulfil, refuse) => {
      resolve = () => fulfil(Object.assign([], { count: 1, command: 'INSERT' }));
      reject = refuse;
    });
    return { promise, resolve, reject };
  }

  test('are sent at most 8 MiB ahead of their answers, COMMIT behind the last', async () => {
    const { sent, answers, connection } = slow();
    const flight = sendFlight(connection, large(7), 'commit');
    for (let answered = 0; answered < 3; answered++) {
      await turn();
      expect(sent).toEqual(times(4 + answered, String));
      answers[answered]?.resolve();
    }
    await turn();
    expect(sent).toEqual([...times(7, String), 'commit']);
    for (const answer of answers) answer.resolve();
    expect(await flight).toMatchObject({ isCommitted: true });
  });

  test('leave at once where they are few', async () => {
    const { sent, answers, connection } = slow();
    const flight = sendFlight(connection, large(4), 'commit');
    expect(sent).toEqual([...times(4, String), 'commit']);
    for (const answer of answers) answer.resolve();
    await flight;
  });

  test('behind one that was refused are not sent, and rejected with its error', async () => {
    const { sent, answers, connection } = slow();
    const flight = sendFlight(connection, large(9), 'commit');
    await turn();
    for (const answer of answers) answer.reject(new Error('refused'));
    const { answers: settled } = await flight;
    expect(sent).toEqual([...times(4, String), 'commit']);
    expect(settled).toHaveLength(9);
    expect(settled).toEqual(times(9, () => ({ status: 'rejected', reason: new Error('refused') })));
  });

  test('hold nothing back that has few', async () => {
    const { sent, answers, connection } = slow();
    const flight = sendFlight(connection, [...times(9, (n) => command(`small ${n}`)), ...large(3)], 'open');
    expect(sent).toHaveLength(12);
    for (const answer of answers) answer.resolve();
    await flight;
  });

  test('are written once until they are sent, and kept no longer', async () => {
    let writes = 0;
    const statement = new LazyStatement(() => ({ text: `${writes++}`, params: ['a'] }), true, 1);
    expect(writes).toBe(0);
    expect([statement.text, statement.params, statement.text]).toEqual(['0', ['a'], '0']);
    const sent: string[] = [];
    await sendFlight(connection('INSERT', sent), [statement], 'open');
    expect(sent).toEqual(['0']);
    expect(statement.text).toBe('1');
  });

  test('make a flight long where they are more than 8 MiB, and so does a COPY', () => {
    const copy = new CopyStatement('copy', () => (async function* () {})(), true);
    expect([large(4), large(5), [copy], [command('a')], []].map(isLong)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});

test('COMMIT that was never written is known not to have been, and its loss is no riddle', async () => {
  const lost = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
  const fail = async () => {
    throw lost;
  };
  const losing = (hasFinished: boolean) =>
    ({
      errors: postgresJsErrors,
      hasBegun: true,
      mayFollow: true,
      hasFinished,
      send: fail,
      finish: fail,
    }) as never as Connection;
  const waiting = await sendFlight(losing(false), [command('rows')], 'commit');
  expect(waiting).toMatchObject({ isCommitSent: false, isCommitted: false, commitError: lost });
  expect(waiting.commitError).toBe(lost);
  const sent = await sendFlight(losing(true), [command('rows')], 'commit');
  expect(sent).toMatchObject({ isCommitSent: true, isCommitted: false });
  expect(sent.commitError?.message).toMatch(/unknown/);
});

test('a statement that is heard tells its answer ahead of the rest of its flight', async () => {
  const heard = new EagerStatement(command('keys'));
  let finish = (): void => {};
  const late = new Promise<Answer>((resolve) => {
    finish = () => resolve(Object.assign([], { count: 0, command: 'INSERT' }));
  });
  const send = async ({ text }: Statement) =>
    text === 'keys' ? Object.assign([['7']], { count: 1, command: 'SELECT' }) : late;
  const flight = sendFlight(
    { hasBegun: true, mayFollow: true, send } as never as Connection,
    [heard, command('rows')],
    'open',
  );
  expect([...(await heard.answered)]).toEqual([['7']]);
  finish();
  await flight;
});
