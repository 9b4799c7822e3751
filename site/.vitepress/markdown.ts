/** How the site reads Markdown that is written for GitHub. */
import { slug } from 'github-slugger';
import type { MarkdownOptions } from 'vitepress';
import { linkOnSite } from './pages.ts';

type Configured = Parameters<NonNullable<MarkdownOptions['config']>>[0];

/** A comment, which GitHub does not show, marks where the site has more than GitHub. */
const components: Readonly<Record<string, string>> = { '<!-- calculator -->': '<Calculator />' };

function translateLinks(md: Configured): void {
  md.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
    const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open');
    for (const link of links)
      link.attrSet('href', linkOnSite(link.attrGet('href') ?? '', env.realPath ?? env.path));
  });
}

function placeComponents(md: Configured): void {
  md.core.ruler.push('components', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === 'html_block') token.content = components[token.content.trim()] ?? token.content;
    }
  });
}

export const markdown: MarkdownOptions = {
  // The anchors are those of GitHub, for the documents link to them.
  anchor: { slugify: slug },
  config: (md) => {
    translateLinks(md);
    placeComponents(md);
  },
};
