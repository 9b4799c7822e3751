import { expect, test } from 'vitest';
import { LatePart } from '../../../src/flush/late-part.ts';

/** A part whose reading ends when the test says so. */
function reading() {
  let finish!: (part: string) => void;
  let fail!: (error: Error) => void;
  const file = new Promise<string>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  return { part: new LatePart(() => file), finish, fail };
}

test('what needs a part waits for it, in the order of the calls', async () => {
  const { part, finish } = reading();
  const ran: string[] = [];
  const waiting = [
    part.use(async (read) => ran.push(`first with ${read}`)),
    part.use(async (read) => ran.push(`second with ${read}`)),
  ];
  finish('it');
  await Promise.all(waiting);
  expect(ran).toEqual(['first with it', 'second with it']);
});

test('nothing waits for a part that has been read', async () => {
  const { part, finish } = reading();
  finish('it');
  await part.reading();
  const ran: string[] = [];
  part.use(async (read) => ran.push(read));
  expect(ran).toEqual(['it']);
});

test('if a part can not be read, what needs it rejects, or has the result that its caller makes', async () => {
  const { part, fail } = reading();
  const work = [
    part.use(async () => 'unreachable'),
    part.use(
      async () => 'unreachable',
      (error) => `made of ${(error as Error).message}`,
    ),
  ];
  fail(new Error('no file'));
  expect(await Promise.allSettled(work)).toEqual([
    { status: 'rejected', reason: new Error('no file') },
    { status: 'fulfilled', value: 'made of no file' },
  ]);
});
