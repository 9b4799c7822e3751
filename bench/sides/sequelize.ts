import { DataTypes, type Model, type ModelStatic, Sequelize, type Transaction } from 'sequelize';
import type { Kind, Table } from '../tables.ts';
import { type Open, poolSize, session } from './side.ts';

const types: Record<Kind, DataTypes.DataType> = {
  smallint: DataTypes.SMALLINT,
  integer: DataTypes.INTEGER,
  bigint: DataTypes.BIGINT,
  'numeric(12,4)': DataTypes.DECIMAL(12, 4),
  real: DataTypes.REAL,
  'double precision': DataTypes.DOUBLE,
  boolean: DataTypes.BOOLEAN,
  text: DataTypes.TEXT,
  'varchar(50)': DataTypes.STRING(50),
  date: DataTypes.DATEONLY,
  timestamp: DataTypes.DATE,
  timestamptz: DataTypes.DATE,
  uuid: DataTypes.UUID,
  jsonb: DataTypes.JSONB,
  'text[]': DataTypes.ARRAY(DataTypes.TEXT),
};

const idOf = (model: Model): number => model.get('id') as number;

export const sequelize: Open = ({ url, tables }) => {
  const orm = new Sequelize(url, { logging: false, pool: { max: poolSize } });
  const models = new Map(tables.map((table) => [table.name, define(orm, table)]));
  const modelOf = ({ name }: Table): ModelStatic<Model> => {
    const model = models.get(name);
    if (!model) throw new Error(`no model of ${name}`);
    return model;
  };
  return session<Transaction | null>({
    db: null,
    transaction: (work) => orm.transaction(work),
    async many(transaction, table, rows) {
      return (await modelOf(table).bulkCreate(rows, { returning: ['id'], transaction })).map(idOf);
    },
    one: async (transaction, table, row) =>
      idOf(await modelOf(table).create(row, { returning: ['id'], transaction })),
    close: () => orm.close(),
  });
};

function define(orm: Sequelize, { name, columns }: Table): ModelStatic<Model> {
  const attributes = Object.fromEntries(columns.map(({ name, kind }) => [name, { type: types[kind] }]));
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
  return orm.define(name, { id, ...attributes }, { tableName: name, timestamps: false });
}
