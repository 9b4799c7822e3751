// One start of a program: what the plain program loads first, and then the library. Prints both times in milliseconds.
const { pathToFileURL } = require('node:url');

const [, , how, library, ...plain] = process.argv;
const load =
  how === 'require' ? require : (name) => import(name.startsWith('/') ? pathToFileURL(name).href : name);

async function main() {
  const began = performance.now();
  for (const name of plain) await load(name);
  const between = performance.now();
  await load(library);
  console.log(JSON.stringify({ plainMs: between - began, ourMs: performance.now() - between }));
}

main();
