import { Client } from 'pg';
import postgres from 'postgres';
import { batchedDrizzle } from '../../src/index.ts';
import { drizzleTable } from '../sides/drizzle-tables.ts';
import { orders, rowsOf } from '../tables.ts';

interface Sent {
  readonly query: string;
  readonly params: readonly unknown[];
}

/**
 * EXPLAIN (ANALYZE, BUFFERS) of this library's statements for 1,000 orders. They are sent again and rolled
 * back.
 */
export async function explainInsert(url: string): Promise<{ statement: string; plan: string }[]> {
  const sent = await sentStatements(url);
  // node-postgres does not convert parameters that are text already.
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    const explained: { statement: string; plan: string }[] = [];
    for (const { query, params } of sent) {
      if (!/insert into /i.test(query)) {
        await client.query(query, [...params]);
        continue;
      }
      const { rows } = await client.query(`explain (analyze, buffers) ${query}`, [...params]);
      explained.push({
        statement: query.replaceAll(/\s+/g, ' '),
        plan: rows.map((row) => row['QUERY PLAN']).join('\n'),
      });
    }
    return explained;
  } finally {
    await client.query('rollback');
    await client.end();
  }
}

/** The statements of the second of two flushes; the first one has read the facts of the table. */
async function sentStatements(url: string): Promise<Sent[]> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  const into = drizzleTable(orders);
  let sent: Sent[] = [];
  const db = batchedDrizzle(client, {
    logger: { logQuery: (query, params) => void sent.push({ query, params }) },
  });
  for (const count of [2, 1_000]) {
    sent = [];
    await db.insert(into).values(rowsOf(orders, count)).returning({ id: into.id });
  }
  await client.end();
  return sent.filter(({ query }) => !/^(begin|commit)/i.test(query));
}
