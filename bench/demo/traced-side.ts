/** One side as a program of its own, which `trace-sides.ts` traces: `traced-side.ts <group> <people>`. */
import postgres from 'postgres';
import { people } from './people.ts';
import { sides } from './sides.ts';

const [, , group, count] = process.argv;
const side = sides.find((candidate) => candidate.group === group);
if (!side) throw new Error(`no side ${group}`);

const client = postgres(process.env.DATABASE_URL ?? '');
// So many that the library has looked up the facts of the tables.
await side.write(client, people(`traced warm-up ${group}`, 20), () => {});
await side.write(client, people(`traced ${group}`, Number(count)), () => {});
await client.end();
