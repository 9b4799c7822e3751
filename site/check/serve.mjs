/** The built site, on this machine only. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';

const dist = fileURLToPath(new URL('../.vitepress/dist', import.meta.url));
const base = `${process.env.SITE_BASE ?? ''}/`;

/** The paths of all pages, without the base. */
export const pages = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.html') && path !== '404.html')
  .toSorted();

/** Calls back with the URL of the site, and closes the server behind it. */
export async function whileServed(use) {
  const files = sirv(dist);
  const server = createServer((request, response) => {
    const missing = () => response.writeHead(404).end();
    if (!request.url.startsWith(base)) return missing();
    request.url = join('/', request.url.slice(base.length));
    files(request, response, missing);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await use(`http://127.0.0.1:${server.address().port}${base}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
