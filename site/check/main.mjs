/**
 * Opens every page of the built site in a browser, wide and narrow. Fails if a page writes an error to the console, asks for
 * something that it does not get or that is not of the site, is wider than the window, or has a link that leads nowhere.
 * The pictures are in `pictures/`, to be looked at. With arguments only pages whose path contains one of them are opened, and
 * their links are not checked.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { launch } from './browser.mjs';
import { brokenLinks, linksOf } from './links.mjs';
import { folder, open } from './look.mjs';
import { pages, whileServed } from './serve.mjs';

const widths = [1280, 400];
const wanted = process.argv.slice(2);
const chosen = pages.filter((page) => wanted.length === 0 || wanted.some((part) => page.includes(part)));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  await whileServed(async (url) => {
    const faults = [];
    const found = new Map();
    for (const page of chosen) {
      for (const width of widths) {
        const opened = await open(browser, url, page, width);
        faults.push(...opened.faults);
        found.set(url + page, await linksOf(opened.tab));
        await opened.tab.close();
      }
    }
    if (wanted.length === 0) faults.push(...brokenLinks(found, url));
    for (const fault of faults) console.error(fault);
    const links = [...found.values()].flatMap((each) => each.links).filter((link) => link.startsWith(url));
    console.log(
      `${chosen.length} pages at ${widths.join(' and ')} pixels, ${links.length} links, ${faults.length} faults`,
    );
    if (faults.length > 0 || chosen.length === 0) process.exitCode = 1;
  });
} finally {
  await browser.close();
}
