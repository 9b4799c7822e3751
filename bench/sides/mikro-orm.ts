import { BigIntType, EntitySchema } from '@mikro-orm/core';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { addresses, type Kind, type Row, type Table, users } from '../tables.ts';
import { type Open, poolSize, type Session, session } from './side.ts';

interface Entity {
  id: number;
}

const types: Record<Kind, object> = {
  smallint: { type: 'smallint' },
  integer: { type: 'integer' },
  bigint: { type: new BigIntType('number') },
  'numeric(12,4)': { type: 'decimal', precision: 12, scale: 4 },
  real: { type: 'float', columnType: 'real' },
  'double precision': { type: 'double' },
  boolean: { type: 'boolean' },
  text: { type: 'text' },
  'varchar(50)': { type: 'string', length: 50 },
  date: { type: 'date' },
  timestamp: { type: 'datetime', columnType: 'timestamp' },
  timestamptz: { type: 'datetime' },
  uuid: { type: 'uuid' },
  jsonb: { type: 'json' },
  'text[]': { type: 'array', columnType: 'text[]' },
};

function schemaOf(table: Table): EntitySchema {
  const properties = Object.fromEntries(
    table.columns.map(({ name, kind }) => [name, { ...types[kind], fieldName: name, nullable: true }]),
  );
  const related =
    table === addresses
      ? { user_id: { kind: 'm:1', entity: users.name, fieldName: 'user_id', inversedBy: 'addresses' } }
      : table === users
        ? { addresses: { kind: '1:m', entity: addresses.name, mappedBy: 'user_id' } }
        : {};
  return new EntitySchema({
    name: table.name,
    tableName: table.name,
    properties: { id: { type: 'integer', primary: true }, ...properties, ...related } as never,
  });
}

async function flushed(em: EntityManager, { name }: Table, rows: Row[]): Promise<number[]> {
  const entities = rows.map((row) => em.create(name, row as never) as Entity);
  await em.persist(entities).flush();
  return entities.map(({ id }) => id);
}

export const mikroOrm: Open = async ({ url, tables }) => {
  const { username, password, hostname, port, pathname } = new URL(url);
  const orm = await MikroORM.init({
    host: hostname,
    port: Number(port || 5432),
    user: username,
    password,
    dbName: pathname.slice(1),
    entities: tables.map(schemaOf),
    pool: { min: 0, max: poolSize },
    discovery: { warnWhenNoEntities: false },
    debug: false,
  });
  const transaction = <T>(work: (em: EntityManager) => Promise<T>) => orm.em.fork().transactional(work);
  const graph: Session['graph'] = (people) =>
    transaction(async (em) => {
      const made = people.map(({ name, emails }) => {
        const user = em.create(users.name, { name } as never) as Entity;
        const children = emails.map((email) => em.create(addresses.name, { email, user_id: user } as never));
        return { user, children: children as Entity[] };
      });
      await em.flush();
      return {
        users: made.map(({ user }) => user.id),
        addresses: made.flatMap(({ children }) => children.map(({ id }) => id)),
      };
    });
  const one = async (em: EntityManager, table: Table, row: Row) =>
    (await flushed(em, table, [row]))[0] as number;
  return {
    ...session<EntityManager>({ db: orm.em, transaction, many: flushed, one, close: () => orm.close() }),
    graph,
    // A unit of work belongs to one request, and so does its entity manager.
    request: (table, row) => one(orm.em.fork(), table, row),
  };
};
