/** The links and the anchors of an opened page. */
export const linksOf = (tab) =>
  tab.evaluate(() => ({
    links: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
    anchors: [...document.querySelectorAll('[id]')].map(({ id }) => id),
  }));

/**
 * The links that lead to no page of the site, or to no anchor of one. Links to other sites are not followed.
 *
 * @param found the links and anchors of each page, by the page's URL
 */
export function brokenLinks(found, url) {
  const broken = [];
  for (const [page, { links }] of found) {
    for (const link of new Set(links.filter((each) => each.startsWith(url)))) {
      const [path, anchor] = link.split('#');
      const target = found.get(path.replace(/\/$/, '/index.html'));
      if (target === undefined) broken.push(`${page} links to ${link}: no such page`);
      else if (anchor && !target.anchors.includes(decodeURIComponent(anchor)))
        broken.push(`${page} links to ${link}: no such anchor`);
    }
  }
  return broken;
}
