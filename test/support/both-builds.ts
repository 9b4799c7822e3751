import { beforeAll, describe, expect, test } from 'vitest';

/** What the program prints: see `test/packaged/programs/both-builds.mts`. */
interface Found {
  isTwice: boolean;
  inTurn: string[];
  others: string[][];
  flushes: { count: number; different: number };
}

/**
 * The tests of a process that has loaded both builds of the library.
 *
 * @param run runs the program
 */
export function describeBothBuilds(
  prefix: string,
  run: () => Promise<{ stdout: string; stderr: string }>,
): void {
  describe('a process that has loaded both builds, with one client', () => {
    let found: Found;
    /** What Node prints at the end of the program. */
    let warned: string;

    beforeAll(async () => {
      const { stdout, stderr } = await run();
      found = JSON.parse(stdout);
      warned = stderr;
      expect(found.isTwice).toBe(true);
    });

    test('gives each transaction the one connection in its turn', () => {
      expect(found.inTurn).toEqual([0, 1, 2, 3].map((turn) => `${prefix}turn ${turn}`));
    });

    test('writes tables of the other copy of drizzle', () => {
      for (const [index, names] of found.others.entries())
        expect(names).toEqual(Array.from({ length: 40 }, (_, row) => `${prefix}other ${index} ${row}`));
    });

    test('counts its flushes once', () => {
      const { count, different } = found.flushes;
      expect(count).toBeGreaterThan(3);
      expect(different).toBe(count);
    });

    test('warns once of all rows that it leaves', () => {
      expect(warned.match(/BATCHED_DRIZZLE_ROWS_LEFT/g)).toHaveLength(1);
      expect(warned).toContain('3 rows queued on a batched database');
    });
  });
}
