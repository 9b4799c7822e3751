/** The navigation. */
import { readFileSync } from 'node:fs';
import type { DefaultTheme } from 'vitepress';

type Item = DefaultTheme.SidebarItem;

const group = (text: string, pages: Readonly<Record<string, string>>): Item => ({
  text,
  items: Object.entries(pages).map(([name, page]) => ({ text: name, link: `/${page}` })),
});

/** TypeDoc writes it beside the pages that it makes of the doc comments. */
const api: Item[] = JSON.parse(readFileSync(new URL('../api/typedoc-sidebar.json', import.meta.url), 'utf8'));

export const sidebar: Item[] = [
  group('Begin', {
    'Install and use': '',
    'Is this for me?': 'is-this-for-me',
    'await in a loop': 'await-in-a-loop',
    'See your own round trips': 'trace',
  }),
  group('Drivers', {
    'Which one?': 'drivers',
    'postgres.js': 'statements',
    'node-postgres and Neon': 'node-postgres',
    PGlite: 'pglite',
    'drizzle 1.0': 'drizzle-1.0',
    'Bun, Deno and Workers': 'runtimes',
    'Poolers and engines': 'poolers-and-engines',
  }),
  group('Use', {
    Errors: 'errors',
    Limits: 'limits',
    Options: 'options',
    'Many rows': 'many-rows',
    Observability: 'observability',
    'The command': 'batched-drizzle-cli',
    'The command beside others': 'command',
  }),
  group('Speed', {
    Performance: 'performance',
    'The benchmark': 'benchmark',
    'Every measurement': 'every-measurement',
  }),
  group('Inside', {
    'How it works': 'how-it-works',
    'The contract': 'contract',
    'postgres.js inside': 'postgres-js',
    Architecture: 'architecture',
    Changelog: 'changelog',
    'All documents': 'documents',
  }),
  { text: 'API', link: '/api/', collapsed: true, items: api },
];
