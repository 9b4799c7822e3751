import { expect, test } from 'vitest';
import { drawPicture } from '../../../bench/demo/picture.ts';
import type { TracedTrip } from '../../../cli/src/trace/trace.ts';

function trip(at: number, ms: number): TracedTrip {
  const statement = {
    what: 'insert into users',
    callers: [],
    driver: 'pg',
    issued: at,
    answered: at + ms,
    unit: '1',
  } as const;
  const place = { connection: '1', unit: '1', inTransaction: true };
  return { at, ms, sent: 1, received: 1, kind: 'statements', ...place, statements: [statement] };
}

test('the picture has the bars of each run on the scale of the longest, and their numbers', () => {
  const picture = drawPicture([
    { title: 'before', trace: { processes: 1, trips: [trip(0, 500), trip(500, 500)] } },
    { title: 'after', trace: { processes: 1, trips: [trip(0, 10)] } },
  ]);
  expect(picture).toContain('<title>Round trips in time</title>');
  expect(picture).toContain('>before: 2 round trips, 1.00 s</text>');
  expect(picture).toContain('>after: 1 round trip, 0.01 s</text>');
  const widths = [...picture.matchAll(/class="statements" [^>]*? width="([\d.]+)"/g)].map(
    ([, width]) => width,
  );
  expect(widths).toEqual(['305.0', '305.0', '6.1']);
});
