/** The tables of the programs in `stated-programs.ts`. */
import {
  bigint,
  boolean,
  customType,
  date,
  integer,
  json,
  jsonb,
  numeric,
  pgTable,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';

const bytes = customType<{ data: unknown }>({ dataType: () => 'bytea' });
const raw = (type: string) => customType<{ data: unknown }>({ dataType: () => type })();

export const columns = {
  id: integer().primaryKey(),
  t: text(),
  v: varchar({ length: 20 }),
  n: integer(),
  big: bigint({ mode: 'number' }),
  num: numeric(),
  b: boolean(),
  bin: bytes(),
  j: json(),
  jb: jsonb(),
  d: date(),
  ts: timestamp({ withTimezone: true, mode: 'string' }),
  at: timestamp({ mode: 'date' }),
  u: uuid(),
  ints: integer().array(),
  texts: text().array(),
  rawInts: raw('int[]'),
  rawBool: raw('boolean'),
  rawJson: raw('jsonb'),
  /** Text or boolean in the server, by turns. The schema's type is believed where it is one of PostgreSQL's own. */
  turns: raw('text_or_boolean'),
};

export const cells = pgTable('cells', columns);
export const notes = pgTable('notes', { id: integer().primaryKey(), cell: integer(), note: text() });
