import { describe, expect, test, vi } from 'vitest';
import { codeBlocksOf, documents, typeCheck } from '../support/code-blocks.ts';

const blocks = documents.flatMap((document) => codeBlocksOf(document));
const isForDrizzle1 = ({ code }: { code: string }) => code.includes("'batched-drizzle/v1");

// Each test starts a compiler.
vi.setConfig({ testTimeout: 120_000 });

describe('the TypeScript of the documents', () => {
  test('is found', () => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(blocks.filter(isForDrizzle1).length).toBeGreaterThan(0);
  });

  test('compiles', () => {
    expect(
      typeCheck(
        blocks.filter((block) => !isForDrizzle1(block)),
        'test/code-blocks',
      ),
    ).toBe('');
  });

  test('compiles for drizzle 1.0 if it imports of batched-drizzle/v1', () => {
    expect(typeCheck(blocks.filter(isForDrizzle1), 'test/code-blocks/v1')).toBe('');
  });
});

test('a block that does not compile is named, with its line in the document', () => {
  const text = [
    'Some words.',
    '',
    '- In a list:',
    '',
    '  ```ts',
    '  await db.insert(users).values({ name: 1 });',
    '  const report = await db.flush();',
    '  report.trips;',
    '  ```',
  ].join('\n');
  const said = typeCheck(codeBlocksOf('docs/broken.md', text), 'test/code-blocks');
  expect(said).toMatch(/^docs\.broken-5\.ts\(6,35\): error TS2769: No overload matches this call\./m);
  expect(said).toMatch(/^docs\.broken-5\.ts\(8,10\): error TS2339: Property 'trips' does not exist/m);
});
