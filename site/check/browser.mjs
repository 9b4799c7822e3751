/** A Chromium or Chrome that is installed: `CHROMIUM` names it, if it is in another place. */
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? places.find((place) => existsSync(place));
  if (executablePath === undefined) throw new Error(`no Chromium in ${places.join(', ')}: set CHROMIUM`);
  // Root may not use the sandbox. The pages are our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath, args });
}
