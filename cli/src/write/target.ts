import type { ReservedSql } from 'postgres';
import type { Chunk } from '../chunk.ts';
import type { TargetColumn } from '../target-columns.ts';
import type { Copy } from './copy.ts';
import { copy } from './copy.ts';

export type OnConflict = 'error' | 'nothing' | 'update';

/** The table that rows are written to, and how. */
export interface WriteTarget {
  /** The table as it is written in SQL. */
  readonly table: string;
  /** The table's name without its schema, as in the server's errors. */
  readonly relation: string;
  readonly onConflict: OnConflict;
  /** The columns that say which row is there already, for `update`. */
  readonly keys: readonly TargetColumn[];
  /** COPY can write to the table itself, and need not write to a staging table first. */
  readonly isDirect: boolean;
}

const stage = 'batched_drizzle_rows';

/** The relation that a COPY names in its errors. */
export function copiedRelation({ isDirect, relation }: WriteTarget): string {
  return isDirect ? relation : stage;
}

/** Writes some records of a chunk. Without a direct COPY they go to a staging table, and from there by INSERT. */
export function writePart(
  connection: ReservedSql,
  target: WriteTarget,
  chunk: Chunk,
  from: number,
  to: number,
): Copy {
  const names = chunk.columns.map(({ name }) => identifier(name)).join(', ');
  const data = chunk.bytes(from, to);
  if (target.isDirect)
    return copy(connection, `copy ${target.table} (${names}) from stdin ${chunk.options}`, data);
  let cancel: () => void = () => {};
  const write = async () => {
    // No row of the table is read. The types are its own, and its constraints wait for the INSERT.
    await connection.unsafe(
      `create temp table ${stage} on commit drop as select ${names} from ${target.table} with no data`,
    );
    // The order of the file decides which of two rows comes first.
    await connection.unsafe(`alter table ${stage} add column ${ordinal(chunk)} bigserial`);
    const staged = copy(connection, `copy ${stage} (${names}) from stdin ${chunk.options}`, data);
    cancel = staged.cancel;
    await staged.rows;
    const insert = connection.unsafe(
      `insert into ${target.table} (${names}) select ${names} from ${stage} order by ${ordinal(chunk)}${conflictClause(target, chunk)}`,
    );
    cancel = () => insert.cancel();
    const { count } = await insert;
    await connection.unsafe(`drop table ${stage}`);
    return count;
  };
  return { rows: write(), cancel: () => cancel() };
}

/** A name that none of the columns has. */
function ordinal({ columns }: Chunk): string {
  let name = 'ordinal';
  while (columns.some((column) => column.name === name)) name += '_';
  return identifier(name);
}

function conflictClause({ onConflict, keys }: WriteTarget, { columns }: Chunk): string {
  if (onConflict === 'error') return '';
  if (onConflict === 'nothing') return ' on conflict do nothing';
  const others = columns.filter((column) => !keys.includes(column));
  const target = keys.map(({ name }) => identifier(name)).join(', ');
  if (others.length === 0) return ` on conflict (${target}) do nothing`;
  const sets = others.map(({ name }) => `${identifier(name)} = excluded.${identifier(name)}`);
  return ` on conflict (${target}) do update set ${sets.join(', ')}`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
