import { describe, expect, test } from 'vitest';
import { Hearing } from '../../../src/unit-of-work/hearing.ts';

/** Counts who holds back what is sent. */
function held(): { hearing: Hearing; holders: () => number } {
  let holders = 0;
  const hearing = new Hearing(() => {
    holders += 1;
    return () => {
      holders -= 1;
    };
  });
  return { hearing, holders: () => holders };
}

const behindJobs = () => new Promise<void>((resolve) => setImmediate(resolve));

async function pass(jobs: number): Promise<void> {
  for (let left = jobs; left > 0; left--) await undefined;
}

describe('answers that come together', () => {
  test('are told in the order of their places, whichever came first', async () => {
    const { hearing } = held();
    const heard: string[] = [];
    const [first, second] = [hearing.take(), hearing.take()];
    second.tell({ hear: () => heard.push('second') });
    expect(heard).toEqual([]);
    first.tell({ hear: () => heard.push('first') });
    expect(heard, 'the first one at once').toEqual(['first']);
    first.end();
    await second.end();
    expect(heard).toEqual(['first', 'second']);
  });

  test('are each told behind all promise jobs of the one before', async () => {
    const { hearing } = held();
    const heard: string[] = [];
    const hear = async (name: string, jobs: number) => {
      await hearing.hear(async () => name);
      await pass(jobs);
      heard.push(name);
    };
    await Promise.all([hear('slow', 100), hear('quick', 0), hear('last', 50)]);
    expect(heard).toEqual(['slow', 'quick', 'last']);
  });

  test('of one flush are told one after another', async () => {
    const { hearing } = held();
    const heard: number[] = [];
    const flush = hearing.take();
    for (const entry of [1, 2, 3])
      flush.tell({
        async hear() {
          await pass(10 - entry);
          heard.push(entry);
        },
      });
    await flush.end();
    await behindJobs();
    expect(heard).toEqual([1, 2, 3]);
  });

  test('that are errors are told in their places', async () => {
    const { hearing } = held();
    const cause = Object.assign(new Error('the cause'), { code: '23505' });
    const consequence = Object.assign(new Error('what follows'), { code: '25P02' });
    const late = async () => {
      await pass(20);
      throw cause;
    };
    const refused = async () => {
      throw consequence;
    };
    await expect(Promise.all([hearing.hear(late), hearing.hear(refused)])).rejects.toBe(cause);
  });
});

test('the answer to what was sent in response is told at once, also if the flush ended behind it', async () => {
  const { hearing, holders } = held();
  const heard: string[] = [];
  const flush = hearing.take();
  flush.tell({ hear: () => heard.push('insert') });
  const response = hearing.take();
  flush.end();
  await behindJobs();
  response.tell({ hear: () => heard.push('select') });
  expect(heard).toEqual(['insert', 'select']);
  expect(holders()).toBe(0);
});

test('the answer to what was sent before is told behind the promise jobs, also if the flush has ended', async () => {
  const { hearing } = held();
  const heard: string[] = [];
  const [flush, sentBefore] = [hearing.take(), hearing.take()];
  flush.tell({ hear: () => heard.push('insert') });
  flush.end();
  sentBefore.tell({ hear: () => heard.push('select') });
  expect(heard).toEqual(['insert']);
  await behindJobs();
  expect(heard).toEqual(['insert', 'select']);
});

test('what is sent in response is held back until all have been told, and leaves together', async () => {
  const { hearing, holders } = held();
  const during: number[] = [];
  const flushed: string[] = [];
  const step = async (name: string) => {
    await hearing.hear(async () => {});
    during.push(holders());
    hearing.behindTicks(() => flushed.push(`${name} of ${during.length}`));
  };
  await Promise.all([step('first'), step('second'), step('third')]);
  await behindJobs();
  expect(during).toEqual([1, 1, 1]);
  expect(flushed).toEqual(['first of 3', 'second of 3', 'third of 3']);
  expect(holders()).toBe(0);
});

test('one that comes alone is told at once, and holds nothing back', async () => {
  const { hearing, holders } = held();
  const place = hearing.take();
  expect(hearing.isWaiting).toBe(true);
  let isTold = false;
  place.tell({
    hear() {
      isTold = true;
    },
  });
  expect([isTold, hearing.isWaiting, holders()]).toEqual([true, false, 0]);
  expect(place.end()).toBeUndefined();
  await hearing.allTold();
});

test('what has no answer yet stands behind what is to be told, and behind the calls of this turn', async () => {
  const { hearing } = held();
  const heard: string[] = [];
  const place = hearing.take();
  const answered = hearing.answered().then(() => heard.push('answered'));
  await behindJobs();
  expect(heard, 'a statement before it has no answer').toEqual([]);
  place.tell({ hear: () => heard.push('statement') });
  place.end();
  await answered;
  const another = hearing.answered().then(() => heard.push('another'));
  await pass(10);
  heard.push('called in this turn');
  await another;
  expect(heard).toEqual(['statement', 'answered', 'called in this turn', 'another']);
});
