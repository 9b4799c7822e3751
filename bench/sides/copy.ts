import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Pool, type PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Column, Row, Table } from '../tables.ts';
import { element, namesOf } from './postgres-js.ts';
import { type Ids, type Open, poolSize, session } from './side.ts';

/**
 * Uses node-postgres. postgres.js leaves Nagle's algorithm on, and loses 40 ms to it at the end of each COPY.
 */
export const copy: Open = ({ url }) => {
  const pool = new Pool({ connectionString: url, max: poolSize });
  return session<PoolClient | undefined>({
    db: undefined,
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      } finally {
        client.release();
      }
    },
    async many(client, table, rows): Promise<Ids> {
      if (!client) throw new Error('COPY is only done in a transaction');
      const keys = await client.query<{ id: number }>(
        `select nextval(pg_get_serial_sequence($1, 'id'))::int as id from generate_series(1, $2::int)`,
        [table.name, rows.length],
      );
      const ids = keys.rows.map(({ id }) => id);
      const text = `copy ${table.name} (id, ${namesOf(table).join(', ')}) from stdin`;
      await pipeline(Readable.from(blocks(table, rows, ids)), client.query(copyFrom(text)));
      return ids;
    },
    close: () => pool.end(),
  });
};

/** Lines in COPY's text format, in blocks of some 64 kB; with their ids if `ids` is given. */
export function* blocks({ columns }: Table, rows: Row[], ids?: Ids): Generator<string> {
  let block = '';
  for (const [n, row] of rows.entries()) {
    const fields = columns.map(({ name, kind }) => field(kind, row[name])).join('\t');
    block += ids ? `${ids[n]}\t${fields}\n` : `${fields}\n`;
    if (block.length > 65_536) {
      yield block;
      block = '';
    }
  }
  yield block;
}

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function field(kind: Column['kind'], value: unknown): string {
  const text = element(kind, value);
  if (text === null) return '\\N';
  return typeof text === 'string'
    ? text.replace(/[\\\t\n\r]/g, (found) => escapes[found] ?? found)
    : String(text);
}
