import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What an entry of the built package makes a program read: the gzipped bytes of its files, each by its name in `dist`. */
export function gzippedBytes(entry: URL, read = new Map<string, number>()): Map<string, number> {
  const name = entry.pathname.split('/dist/').at(-1) ?? '';
  if (read.has(name)) return read;
  const text = readFileSync(entry);
  read.set(name, gzipSync(text, { level: 9 }).length);
  for (const [, path = ''] of text.toString().matchAll(/^import [^;]*from "(\.[^"]*)";$/gm)) {
    gzippedBytes(new URL(path, entry), read);
  }
  return read;
}
