/** Which files of the repository are pages of the site, and where every other link leads. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The repository on GitHub. */
export const github: string = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** Pages that are not in `docs/` or made from the doc comments, by their names on the site. */
const others: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'docs/README.md': 'documents.md',
  'cli/README.md': 'batched-drizzle-cli.md',
  'bench/README.md': 'every-measurement.md',
  'ARCHITECTURE.md': 'architecture.md',
  'CHANGELOG.md': 'changelog.md',
};

/** What VitePress must not take for a page. */
export const notPages = [
  '{cli,bench}/*/**',
  ...readdirSync(root)
    .filter((name) => !['docs', 'site', 'cli', 'bench'].includes(name) && others[name] === undefined)
    .flatMap((name) => [name, `${name}/**`]),
];

/** The page of a file, both by their paths. Nothing for a file that is no page. */
export function pageOf(file: string): string | undefined {
  return others[file] ?? /^(?:docs|site(?=\/api\/))\/(.+\.md)$/.exec(file)?.[1];
}

/** The same for VitePress, which asks for files that are pages only. */
export const rewrite = (file: string): string => pageOf(file) ?? file;

/**
 * A link as it must stand on the site. The documents link to files, as GitHub needs it: a page is linked to as such, and
 * what is no page is on GitHub.
 *
 * @param from the path of the file that has the link
 */
export function linkOnSite(target: string, from: string): string {
  if (/^([a-z]+:|#|\/)/.test(target)) return target;
  const [path = '', anchor] = target.split('#');
  const absolute = join(dirname(from), path);
  if (!existsSync(absolute))
    throw new Error(`${relative(root, from)} links to ${target}, which does not exist`);
  const file = relative(root, absolute);
  const page = pageOf(file);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  return page === undefined ? `${github}/blob/main/${file}${hash}` : `/${page}${hash}`;
}
