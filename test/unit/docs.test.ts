import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readBatchOptions } from '../../src/options.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The documents of the repository, by their paths. */
function documentsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // `site/api` is made from the doc comments.
    const isMade =
      ['node_modules', 'dist'].includes(entry.name) || relative(root, path) === join('site', 'api');
    const isForeign = isMade || entry.name.startsWith('.');
    if (entry.isDirectory()) return isForeign ? [] : documentsIn(path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

/** The lines outside code blocks. */
function proseOf(text: string): string[] {
  let isCode = false;
  return text.split('\n').filter((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    return !isFence && !isCode;
  });
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(path: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(read(path))) {
    const heading = /^#+ (.+)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const text = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1');
    const anchor = text
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The relative links of a document, images among them. */
function linksOf(path: string): string[] {
  const prose = proseOf(read(path))
    .join('\n')
    .replaceAll(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

const documents = documentsIn(root);
const links = documents.flatMap((path) => linksOf(path).map((target) => ({ path, target })));

describe('a document', () => {
  test.each([
    ['README.md', 150],
    ['ARCHITECTURE.md', 80],
  ])('%s has at most %i lines', (path, most) => {
    expect(read(path).trimEnd().split('\n').length).toBeLessThanOrEqual(most);
  });

  test('has links, which the next test looks at', () => {
    expect(links.length).toBeGreaterThan(50);
  });

  test.each(links)('$path links to $target, which exists', ({ path, target }) => {
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? path : relative(root, join(root, dirname(path), file));
    expect(existsSync(join(root, linked)), linked).toBe(true);
    if (anchor !== undefined) expect([...anchorsOf(linked)], linked).toContain(anchor);
  });

  test('of the README is in the package if the README links to it', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const packaged = linksOf('README.md').filter((target) => /^(docs\/|[^/#]+\.md)/.test(target));
    const missing = packaged.filter((target) => !files.includes(target.split('/')[0] ?? ''));
    expect(missing).toEqual([]);
  });
});

describe('a table', () => {
  test.each(Object.keys(readBatchOptions({})))('docs/options.md has the option %s', (option) => {
    expect(read('docs/options.md')).toContain(`| \`${option}\` |`);
  });

  const codes = [...read('src/errors.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code = '']) => code);
  test.each(codes)('docs/errors.md has the code %s', (code) => {
    expect(read('docs/errors.md')).toContain(`| \`${code}\` |`);
  });
});
