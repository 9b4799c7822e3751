/** Learns the facts of the table once, on the load's first connection, and prepares reading and writing. */
import type { Connection } from '../driver/driver.ts';
import { getTableName } from '../drizzle/exports.ts';
import { CellReader } from './cells.ts';
import type { Interrupt } from './interrupt.ts';
import { RunBuilder } from './load-chunk.ts';
import { learnLoadFacts } from './load-facts.ts';
import { KeySupply, keyReader } from './load-keys.ts';
import { defaultChunkRows } from './options.ts';
import { ChunkReader } from './read-chunks.ts';
import type { LoadRequest } from './request.ts';
import type { OpenSource } from './source.ts';
import { LoadWriter } from './write-chunk.ts';

export interface OpenLoad {
  readonly reader: ChunkReader;
  readonly writer: (connection: Connection) => LoadWriter;
}

export async function openLoad(
  { target: { context }, shape, options, conflict, keys }: LoadRequest,
  source: OpenSource,
  connection: Connection,
  interrupt: Interrupt,
): Promise<OpenLoad> {
  const facts = await learnLoadFacts(context, connection, shape);
  const supply = keys && new KeySupply(context, shape, keys.column, conflict !== undefined, facts.table);
  if (keys) keys.read = keyReader(context, shape, keys.column, facts.table);
  const setsAside = typeof options.onRowError === 'function';
  const named = supply && !supply.isReturned ? supply.column : undefined;
  const reader = new ChunkReader(
    source,
    new CellReader(context, shape, facts.table),
    new RunBuilder(shape, { ...facts, canCopy: facts.canCopy && !conflict && !keys, named }),
    {
      table: shape.name,
      chunkRows: options.chunkRows ?? defaultChunkRows,
      commitEvery: options.commitEvery,
      setsAside,
    },
  );
  const relation = getTableName(shape.table);
  const writing = { flush: context, shape, relation, facts, conflict, keys: supply, setsAside, interrupt };
  return { reader, writer: (connection) => new LoadWriter(connection, writing) };
}
