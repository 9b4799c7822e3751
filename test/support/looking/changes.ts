import { createTableWithKeys, grantAll } from './base-schema.ts';
import { type LookName, looks } from './looks.ts';
import type { Alteration, Change } from './programs.ts';
import { others, starts, type TableName } from './tables.ts';

const alterations: Readonly<Record<Alteration, (table: TableName, role: string) => string>> = {
  'rename a column and back': (t) => `
    alter table looking.${t} rename note to renamed; alter table looking.${t} rename renamed to note;`,
  'drop and add a column': (t) => `
    alter table looking.${t} drop column note; alter table looking.${t} add column note text default 'e';`,
  'drop and create the table': (t, role) => `
    drop table looking.${t} cascade; drop sequence if exists looking.${t}_id_seq; ${createTableWithKeys(t)} ${grantAll(role)}`,
  'drop the default of pos': (t) => `alter table looking.${t} alter pos drop default;`,
  'drop the trigger': (t) => `drop trigger if exists looks on looking.${t};`,
  'drop the policy': (t) => `drop policy if exists guard on looking.${t};`,
  'create an index': (t) => `create index on looking.${t} (org);`,
  truncate: (t) => `truncate looking.${t} cascade;`,
  'restart the sequence': (t) => `alter sequence looking.${t}_id_seq restart with ${starts[t] + 100_000};`,
};

/** The SQL of a change of a table. */
export function sqlOfChange({ what, table }: Pick<Change, 'what' | 'table'>, role: string): string {
  if (what in alterations) return alterations[what as Alteration](table, role);
  return looks[what as LookName](table, others[table]);
}
