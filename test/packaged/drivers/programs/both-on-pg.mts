import { createRequire } from 'node:module';
import * as imported from 'batched-drizzle/node-postgres';
import { Pool } from 'pg';
import { type Both, both } from './both-builds.mjs';

const required: typeof imported = createRequire(import.meta.url)('batched-drizzle/node-postgres');

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;
const client = new Pool({ connectionString: url, max: 1 });
const databases = [imported.batchedDrizzle(client), required.batchedDrizzle(client)];
console.log(JSON.stringify(await both(databases as unknown as Both, prefix, () => client.end())));
