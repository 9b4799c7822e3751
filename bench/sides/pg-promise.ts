import pgPromise, { type ColumnSet, type IBaseProtocol, type IDatabase } from 'pg-promise';
import type { Column, Row, Table } from '../tables.ts';
import { chunked, inChunks, type Open, pgOptions, session } from './side.ts';

type Db = IBaseProtocol<unknown> & Pick<IDatabase<unknown>, 'many'>;

const pgp = pgPromise({ noWarnings: true });

// Made once and kept, as pg-promise's documentation asks.
const sets = new Map<string, ColumnSet>();

function columnSet({ name, columns }: Table): ColumnSet {
  const known = sets.get(name);
  if (known) return known;
  const made = new pgp.helpers.ColumnSet(columns.map(described), { table: name });
  sets.set(name, made);
  return made;
}

function described({ name, kind }: Column) {
  if (kind === 'jsonb') return { name, mod: ':json' as const, cast: 'jsonb' };
  return kind === 'text[]' ? { name, cast: 'text[]' } : name;
}

function insert(table: Table, rows: Row[]): string {
  return `${pgp.helpers.insert(rows, columnSet(table))} returning id`;
}

export const pgPromiseSide: Open = (setting) => {
  const { chunk = 10_000 } = setting;
  const db = pgp(pgOptions(setting));
  return session<Db>({
    db,
    transaction: (work) => db.tx((task) => work(task)),
    // No parameters are bound, so their limit of 65,534 does not apply.
    many: (tx, table, rows) =>
      inChunks(chunked(rows, { ...table, columns: [] }, chunk), (part) =>
        tx.many<{ id: number }>(insert(table, part)),
      ),
    one: async (on, table, row) => (await on.one<{ id: number }>(insert(table, [row]))).id,
    connect: () => db.any('select 1'),
    close: () => db.$pool.end(),
  });
};
