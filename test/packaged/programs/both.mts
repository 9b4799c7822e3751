import { createRequire } from 'node:module';
import * as imported from 'batched-drizzle';
import postgres from 'postgres';
import { both } from './both-builds.mjs';

const required: typeof imported = createRequire(import.meta.url)('batched-drizzle');

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;
const client = postgres(url, { max: 1 });
const databases = [imported.batchedDrizzle(client), required.batchedDrizzle(client)] as const;
console.log(JSON.stringify(await both(databases, prefix, () => client.end())));
