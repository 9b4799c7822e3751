import { expect, test } from 'vitest';
import { TripCounter } from '../../support/trip-counter.ts';

/**
 * Plays a conversation. Each letter is a message; `>` is before the client's messages, and `<` before the
 * server's.
 */
function trips(conversation: string, counter = started()): number {
  let client = true;
  for (const letter of conversation.replaceAll(' ', '')) {
    if (letter === '>' || letter === '<') {
      client = letter === '>';
    } else if (client) {
      counter.clientStarts(letter);
      counter.clientEnds(letter, 'select 1');
    } else {
      counter.serverDelivers(letter);
    }
  }
  return counter.trips;
}

function started(): TripCounter {
  const counter = new TripCounter();
  counter.serverDelivers('Z');
  return counter;
}

test.each([
  ['a simple query', '>Q <TDCZ', 1],
  ['two, one after the other', '>Q <TDCZ >Q <TDCZ', 2],
  ['two, pipelined', '>QQ <TDCZTDCZ', 1],
  ['a second query behind the answer to half of what was asked', '>QQ <TDCZ >Q <CZCZ', 1],
  ['BEGIN, a statement with parameters, COMMIT, pipelined', '>Q PBES Q <CZ 12CZ CZ', 1],
  ['answers delivered in the middle of a statement', '>Q P <CZ >BES <12CZ', 1],
  ['a statement described first', '>PDH <1tn >BES <2CZ', 2],
  ['the same behind a pipelined BEGIN', '>Q PDH <CZ 1tn >BES <2CZ', 2],
  ['COPY from the client', '>Q <G >ddc <CZ', 2],
  ['a query behind a COPY', '>Q <G >ddc <CZ >Q <CZ', 3],
  ['a query behind a COPY of postgres.js, which sends a CopyFail in between', '>Q <G >ddc <CZ >f >Q <CZ', 3],
  ['a statement that fails', '>PBES <EZ >Q <CZ', 2],
  ['the end', '>Q <CZ >X', 1],
])('%s', (_, conversation, expected) => {
  expect(trips(conversation)).toBe(expected);
});

test('start-up is not counted', () => {
  expect(trips('>p <RRSSKZ >Q <CZ', new TripCounter())).toBe(1);
});

test("postgres.js's query for array types belongs to start-up", () => {
  const counter = started();
  counter.clientStarts('P');
  counter.clientEnds('P', 'select b.oid, b.typarray from pg_type a');
  expect(counter.starting).toBe(true);
  expect(trips('>DBES <1tTDCZ >Q <CZ', counter)).toBe(1);
});

test("the library's own question to the catalog does not", () => {
  const counter = started();
  counter.clientStarts('P');
  counter.clientEnds('P', 'select t.oid from pg_catalog.pg_type b where b.typarray <> 0');
  expect(counter.starting).toBe(false);
  expect(trips('>BDES <1tTDCZ >Q <CZ', counter)).toBe(2);
});
