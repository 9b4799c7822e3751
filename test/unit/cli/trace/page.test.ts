import { describe, expect, test } from 'vitest';
import { layOut, spanOf } from '../../../../cli/src/trace/page/lanes.ts';
import { drawPage } from '../../../../cli/src/trace/page/page.ts';
import type { TracedTrip } from '../../../../cli/src/trace/trace.ts';

/** A trip of one statement of a transaction. */
function trip(at: number, ms: number, line = 1, unit = 'transaction 1'): TracedTrip {
  const callers = [{ function: '', file: 'app<1>.ts', line }];
  const statement = {
    what: 'select users',
    callers,
    driver: 'pg',
    issued: at,
    answered: at + ms,
    unit,
  } as const;
  const numbers = { at, ms, sent: 10, received: 10 };
  return {
    ...numbers,
    kind: 'statements',
    connection: '1',
    unit,
    inTransaction: true,
    statements: [statement],
  };
}

const bars = (html: string) => html.match(/<rect /g)?.length;

describe('a lane', () => {
  test('has the bars of one line, from the first trip of the span to its last', () => {
    const trips = [trip(10, 5, 1), trip(15, 5, 2), trip(20, 10, 1)];
    const lanes = layOut(trips, spanOf(trips));
    expect(lanes.map(({ place, bars }) => [place, bars.map(({ from, to }) => [from, to])])).toEqual([
      [
        'app<1>.ts:1',
        [
          [0, 0.25],
          [0.5, 1],
        ],
      ],
      ['app<1>.ts:2', [[0.25, 0.5]]],
    ]);
  });

  test('draws 20,000 trips as at most 800 bars, each of which knows how many it stands for', () => {
    const trips = Array.from({ length: 20_000 }, (_, index) => {
      const kind = index % 2 === 0 ? 'statements' : 'further';
      return { ...trip(index, 0.9), kind } as const;
    });
    const [lane] = layOut(trips, spanOf(trips));
    expect(lane?.bars.length).toBeLessThanOrEqual(800);
    expect(lane?.bars.reduce((sum, { trips: stoodFor }) => sum + stoodFor, 0)).toBe(20_000);
    expect(lane?.trips).toBe(20_000);
  });

  test('keeps apart what can be told apart', () => {
    const trips = Array.from({ length: 200 }, (_, index) => trip(index, 0.9));
    expect(layOut(trips, spanOf(trips))[0]?.bars).toHaveLength(200);
  });
});

describe('the page', () => {
  test('is one file without scripts and addresses, and its policy allows none', () => {
    const page = drawPage([{ title: 'node "app" <1>', trace: { processes: 1, trips: [trip(0, 1)] } }]);
    expect(page).not.toMatch(/<script|https?:|url\(|\ssrc=|\shref=/);
    expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(page).toContain('<title>node &quot;app&quot; &lt;1&gt;</title>');
    expect(page).toContain('<code>app&lt;1&gt;.ts:1</code>');
  });

  test('draws the longest ten transactions of one place', () => {
    const trips = Array.from({ length: 50 }, (_, index) =>
      trip(index * 100, index, 1, `transaction ${index}`),
    );
    const page = drawPage([{ title: 'app', trace: { processes: 1, trips } }]);
    expect(page).toContain(', 50 times: 50 trips');
    expect(bars(page)).toBe(10);
    expect(page).toContain('<title>select users, at 0.0 ms: 49.0 ms</title>');
  });

  test('draws several programs on the scale of the one that takes longest', () => {
    const runs = [
      { title: 'before', trace: { processes: 1, trips: [trip(0, 100)] } },
      { title: 'after', trace: { processes: 1, trips: [trip(0, 10)] } },
    ];
    const widths = [...drawPage(runs).matchAll(/<rect [^>]*? width="([\d.]+)"/g)].map(([, width]) => width);
    expect(widths.map(Number)).toEqual([999.4, 99.4]);
  });

  test('of a program without trips is drawn, too', () => {
    expect(drawPage([{ title: 'app', trace: { processes: 0, trips: [] } }])).toContain('0 round trips');
  });
});
