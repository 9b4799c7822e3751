import knexOf, { type Knex } from 'knex';
import { type Open, only, poolSize, session } from './side.ts';

export const knex: Open = ({ url }) => {
  const db = knexOf({ client: 'pg', connection: url, pool: { min: 0, max: poolSize } });
  return session<Knex>({
    db,
    transaction: (work) => db.transaction(work),
    async many(tx, { name }, rows) {
      const inserted = await db
        .batchInsert(name, rows)
        .returning('id')
        .transacting(tx as Knex.Transaction);
      return inserted.map(({ id }) => id as number);
    },
    one: async (on, { name }, row) => only(await on(name).insert(row, ['id'])),
    close: () => db.destroy(),
  });
};
