/** The site: the documents of the repository where they are, and the API from the doc comments. */
import { defineConfig } from 'vitepress';
import { markdown } from './markdown.ts';
import { github, notPages, rewrite } from './pages.ts';
import { sidebar } from './sidebar.ts';

/** On the server Vue is not bundled. Vite looks for it beside the documents, does not find it there, and would bundle it. */
const vueOfSite = {
  name: 'vue-of-the-site',
  enforce: 'pre' as const,
  resolveId: (id: string, _importer: string | undefined, { ssr }: { ssr?: boolean }) =>
    ssr && /^(vue|@vue)(\/|$)/.test(id) ? { id, external: true } : undefined,
};

/** Many bars, and one. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 1h2M3 1h2M6 1h2M0 3h2M3 3h2M6 3h2" stroke="#999"/>' +
  '<path d="M0 6h5" stroke="#3451b2" stroke-width="2"/></svg>';

export default defineConfig({
  title: 'batched-drizzle',
  description: "Drizzle on PostgreSQL that writes a transaction's inserts in one round trip.",
  // GitHub Pages serves a project below its name.
  base: `${process.env.SITE_BASE ?? ''}/`,
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  srcDir: '..',
  srcExclude: notPages,
  rewrites: rewrite,
  markdown,
  vite: { plugins: [vueOfSite] },
  transformPageData: ({ filePath, frontmatter }) => {
    // These are made of the source's doc comments, and link to them.
    if (filePath.startsWith('site/api/')) frontmatter.editLink = false;
  },
  themeConfig: {
    search: { provider: 'local' },
    sidebar,
    nav: [
      { text: 'Is this for me?', link: '/is-this-for-me' },
      { text: 'Drivers', link: '/drivers' },
      { text: 'Benchmark', link: '/benchmark' },
      { text: 'API', link: '/api/' },
    ],
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: github }],
    editLink: { pattern: `${github}/edit/main/:path` },
  },
});
