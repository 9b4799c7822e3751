/** The TypeScript in the documents, as files that the compiler can check. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface CodeBlock {
  /** The document, by its path in the repository. */
  readonly document: string;
  /** The line of the fence. */
  readonly line: number;
  readonly code: string;
}

export const documents = [
  'README.md',
  'cli/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function codeBlocksOf(
  document: string,
  text = readFileSync(join(root, document), 'utf8'),
): CodeBlock[] {
  const blocks = text.matchAll(/^( *)```(?:ts|typescript)\b[^\n]*\n(.*?)^ *```$/gms);
  return [...blocks].map(({ index, 2: code = '' }) => ({
    document,
    line: text.slice(0, index).split('\n').length,
    code,
  }));
}

/**
 * What the compiler says of the blocks; nothing if it accepts them. Each is a module. Places are those in the document.
 *
 * @param project the folder of a `tsconfig.json` and of what the blocks may use without declaring it
 */
export function typeCheck(blocks: readonly CodeBlock[], project: string): string {
  const parent = join(root, project, '.blocks');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'run-'));
  try {
    for (const { document, line, code } of blocks) {
      const name = `${document.replaceAll('/', '.').replace(/\.md$/, '')}-${line}.ts`;
      // The first line of the code is the one behind the fence, so that the compiler names the line of the document.
      writeFileSync(join(folder, name), `${'\n'.repeat(line)}${code}\nexport {};\n`);
    }
    const config = { extends: '../../tsconfig.json', include: ['../../context.d.ts', '*.ts'], exclude: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, stderr, error } = spawnSync(
      process.execPath,
      [compiler, '-p', folder, '--pretty', 'false'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    if (error) throw error;
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
