import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const folder = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');

/** A row of a table of CONTRACT.md: `| C2.1 | sentence | tests |`. */
const rows = read('CONTRACT.md')
  .split('\n')
  .map((line) => /^\| ([CW][\d.]+) \| (.+) \| (.*) \|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, number = '', sentence = '', tests = '']) => ({ number, sentence, tests: tests.split('<br>') }));

const called =
  /^( *)(?:(?:test|describe)\b.*?\(|.*\]\)\()\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`)\s*,/gm;

/** The tests of a file, each with the names of its groups before it: `group › test`. */
function testsOf(path: string): Set<string> {
  const names = new Set<string>();
  const groups: { indent: number; name: string }[] = [];
  for (const [, indent = '', literal = ''] of read(path).matchAll(called)) {
    while (groups.length > 0 && (groups.at(-1)?.indent ?? 0) >= indent.length) groups.pop();
    groups.push({ indent: indent.length, name: literal.slice(1, -1).replaceAll(/\\(.)/g, '$1') });
    names.add(groups.map(({ name }) => name).join(' › '));
  }
  return names;
}

describe('CONTRACT.md', () => {
  test('has a test for each sentence of the contract, each with a number of its own', () => {
    expect(rows.length).toBeGreaterThan(150);
    expect(new Set(rows.map(({ number }) => number)).size).toBe(rows.length);
  });

  const files = new Map<string, Set<string>>();
  test.each(rows)('$number names tests that exist', ({ tests }) => {
    for (const named of tests) {
      const [, path = '', name = ''] = /^`([\w./-]+)` (.+)$/.exec(named.trim()) ?? [];
      expect(path, `${named} names a file and a test`).not.toBe('');
      const known = files.get(path) ?? testsOf(path);
      files.set(path, known);
      expect([...known], `in ${path}`).toContain(name.replaceAll('\\|', '|'));
    }
  });
});
