/** What is wrong with an opened page, in words. */
import { fileURLToPath } from 'node:url';

export const folder = fileURLToPath(new URL('../pictures/', import.meta.url));

/** A picture of a longer page ends there. */
const mostHeight = 6_000;

/** Opens a page, and takes its picture. The tab is for the caller to close. */
export async function open(browser, url, page, width) {
  const tab = await browser.newPage();
  const faults = [];
  const note = (what) => faults.push(`${page} at ${width}: ${what}`);
  tab.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) note(`console: ${message.text()}`);
  });
  tab.on('pageerror', (error) => note(error));
  tab.on('requestfailed', (request) => note(`not loaded: ${request.url()}`));
  tab.on('response', (response) => {
    if (response.status() >= 400) note(`${response.status()}: ${response.url()}`);
  });
  tab.on('request', (request) => {
    if (!/^data:/.test(request.url()) && !request.url().startsWith(url)) note(`foreign: ${request.url()}`);
  });
  await tab.setViewport({ width, height: 900 });
  await tab.goto(url + page, { waitUntil: 'load', timeout: 30_000 });
  await tab.waitForNetworkIdle({ idleTime: 100, timeout: 30_000 });
  for (const wide of await tab.evaluate(tooWide)) note(`wider than the window: ${wide}`);
  const name = page.replace(/\.html$/, '').replaceAll('/', '.');
  const height = Math.min(mostHeight, await tab.evaluate(() => document.documentElement.scrollHeight));
  await tab.screenshot({
    path: `${folder}${name}-${width}.png`,
    clip: { x: 0, y: 0, width, height },
    captureBeyondViewport: true,
  });
  return { tab, faults };
}

/** In the page: what makes it scroll sideways. Tables and code that scroll in themselves do not. */
function tooWide() {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most && document.body.scrollWidth <= most) return [];
  const wide = [...document.querySelectorAll('.vp-doc *')].filter(
    (each) => each.getBoundingClientRect().right > most,
  );
  const first = wide.slice(0, 3).map((each) => each.outerHTML.slice(0, 80));
  return [`${document.documentElement.scrollWidth} of ${most} pixels`, ...first];
}
