import {
  DataSource,
  type EntityManager,
  EntitySchema,
  type EntitySchemaColumnOptions,
  type EntitySchemaRelationOptions,
} from 'typeorm';
import { addresses, type Kind, type Row, type Table, users } from '../tables.ts';
import { chunked, type Open, poolSize, type Session, type Setting, session } from './side.ts';

interface Entity {
  id: number;
}

interface UserEntity extends Entity {
  addresses: Entity[];
}

const types: Record<Kind, EntitySchemaColumnOptions> = {
  smallint: { type: 'smallint' },
  integer: { type: 'integer' },
  bigint: { type: 'bigint' },
  'numeric(12,4)': { type: 'numeric', precision: 12, scale: 4 },
  real: { type: 'real' },
  'double precision': { type: 'double precision' },
  boolean: { type: 'boolean' },
  text: { type: 'text' },
  'varchar(50)': { type: 'varchar', length: 50 },
  date: { type: 'date' },
  timestamp: { type: 'timestamp' },
  timestamptz: { type: 'timestamptz' },
  uuid: { type: 'uuid' },
  jsonb: { type: 'jsonb' },
  'text[]': { type: 'text', array: true },
};

function entity(table: Table): EntitySchema<Record<string, unknown>> {
  const { name, columns } = table;
  const described = columns.map(({ name, kind }) => [name, { ...types[kind], nullable: true }] as const);
  return new EntitySchema<Record<string, unknown>>({
    name,
    tableName: name,
    columns: { id: { type: 'integer', primary: true, generated: true }, ...Object.fromEntries(described) },
    relations: relations[table.name] ?? {},
  });
}

const relations: Record<string, Record<string, EntitySchemaRelationOptions>> = {
  [users.name]: {
    addresses: { type: 'one-to-many', target: addresses.name, inverseSide: 'user', cascade: true },
  },
  [addresses.name]: {
    user: {
      type: 'many-to-one',
      target: users.name,
      joinColumn: { name: 'user_id' },
      inverseSide: 'addresses',
    },
  },
};

async function connect({ url, tables }: Setting) {
  const source = new DataSource({
    type: 'postgres',
    url,
    entities: tables.map(entity),
    poolSize,
    logging: false,
  });
  await source.initialize();
  return {
    source,
    way: {
      db: source.manager,
      transaction: <T>(work: (tx: EntityManager) => Promise<T>) => source.transaction(work),
      close: () => source.destroy(),
    },
  };
}

async function saveMany(manager: EntityManager, { name }: Table, rows: Row[]): Promise<number[]> {
  const repository = manager.getRepository<Entity>(name);
  const saved = await repository.save(repository.create(rows as never[]), { chunk: 1_000 });
  return saved.map(({ id }) => id);
}

export const typeormSave: Open = async (setting) => {
  const { way } = await connect(setting);
  const graph: Session['graph'] = (people) =>
    way.transaction(async (tx) => {
      const repository = tx.getRepository<UserEntity>(users.name);
      const made = people.map(({ name, emails }) => ({
        name,
        addresses: emails.map((email) => ({ email })),
      }));
      const saved = await repository.save(repository.create(made as never[]), { chunk: 1_000 });
      return {
        users: saved.map(({ id }) => id),
        addresses: saved.flatMap(({ addresses }) => addresses.map(({ id }) => id)),
      };
    });
  const one = async (manager: EntityManager, table: Table, row: Row) =>
    (await saveMany(manager, table, [row]))[0] as number;
  return { ...session({ ...way, many: saveMany, one }), graph };
};

export const typeormInsert: Open = async (setting) => {
  const { way } = await connect(setting);
  const insert = async (manager: EntityManager, { name }: Table, rows: Row[]) =>
    (await manager.insert(name, rows)).identifiers as Entity[];
  return session({
    ...way,
    async many(tx, table, rows) {
      const ids: number[] = [];
      for (const part of chunked(rows, table, setting.chunk)) {
        for (const { id } of await insert(tx, table, part)) ids.push(id);
      }
      return ids;
    },
    one: async (manager, table, row) => (await insert(manager, table, [row]))[0]?.id as number,
  });
};
