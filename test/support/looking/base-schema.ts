import { firstSpare, names, starts, type TableName } from './tables.ts';

/** The columns of a table, before it is made to look around. */
function createTable(schema: string, table: TableName): string {
  return `create table ${schema}.${table} (
    id int primary key, org int, label text not null unique, parent_id int, pos int,
    note text default 'd', at timestamptz default now()
  );`;
}

/**
 * A table with a sequence like that of a serial column. It has a row that others may refer to, and two that
 * others conflict with.
 */
export function createTableWithKeys(table: TableName): string {
  return `${createTable('looking', table)}
    create sequence looking.${table}_id_seq owned by looking.${table}.id start ${starts[table]};
    alter table looking.${table} alter id set default nextval('looking.${table}_id_seq');
    insert into looking.${table} (id, org, label) values
      (1, 1, 'base'), (2, null, 'shared 0'), (3, null, 'shared 1');`;
}

/** Functions that read a table or draw a number. They read it with the privileges of their owner. */
function createFunctions(table: TableName): string {
  const counts = 'security definer set search_path = looking';
  return `
    create function looking.${table}_count() returns int language plpgsql stable ${counts}
      as $$ begin return (select count(*) from ${table}); end $$;
    create function looking.${table}_count_now() returns int language plpgsql volatile ${counts}
      as $$ begin return (select count(*) from ${table}); end $$;
    create function looking.${table}_in(o int) returns int language plpgsql stable ${counts}
      as $$ begin return (select count(*) from ${table} where org is not distinct from o); end $$;
    create function looking.${table}_in_now(o int) returns int language plpgsql volatile ${counts}
      as $$ begin return (select count(*) from ${table} where org is not distinct from o); end $$;
    create function looking.${table}_top() returns int language plpgsql stable ${counts}
      as $$ begin return (select coalesce(max(pos), 0) + 1 from ${table}); end $$;
    create function looking.${table}_claimed_immutable(o int) returns int language plpgsql immutable ${counts}
      as $$ begin return (select count(*) from ${table}) + coalesce(o, 0) * 100; end $$;
    create function looking.${table}_next() returns int language plpgsql stable ${counts}
      as $$ begin return (select max(id) + 1 from ${table}); end $$;
    create function looking.${table}_draw_id() returns int language plpgsql volatile
      as $$ begin return nextval('looking.${table}_id_seq'); end $$;`;
}

const count = `execute format('select count(*) from looking.%I', tg_table_name) into n;`;
const trigger = (name: string, body: string) =>
  `create function looking.${name}() returns trigger language plpgsql as $$ declare n int; begin ${body} end $$;`;
const log = (what: string, seen: string) => `insert into looking.log values (${what}, ${seen});`;

const triggerFunctions = [
  trigger('changes', `${count} new.note := coalesce(new.note, '') || ' ' || n; return new;`),
  trigger('changes_key', 'new.id := new.id + 500000; return new;'),
  trigger('swallows', `${count} if n % 3 = 2 then return null; end if; return new;`),
  trigger(
    'redirects',
    `if new.org = 3 then
       execute format('insert into looking.%I (label, org) values ($1, 1)', tg_argv[0]) using new.label || ' moved';
       return null;
     end if; return new;`,
  ),
  trigger('logs_row', `${count} ${log(`tg_table_name || ' ' || new.label`, 'n')} return new;`),
  trigger('logs_statement', `${count} ${log(`tg_table_name || ' ' || tg_when`, 'n')} return null;`),
  trigger(
    'logs_written',
    `select count(*) into n from written; ${log(`tg_table_name || ' written'`, 'n')} return null;`,
  ),
  trigger(
    'notifies',
    `perform pg_notify('looking', tg_table_name); perform pg_notify('looking', new.label); return new;`,
  ),
].join('\n');

/**
 * Two schemas: `looking` has all tables. `elsewhere` has one table `docs` more, for a `search_path` that
 * names it first.
 */
export function createSchema(role: string): string {
  return `
    drop schema if exists looking, elsewhere cascade;
    create schema looking;
    create schema elsewhere;
    create table looking.log (what text, seen int);
    create sequence looking.spare start ${firstSpare};
    create function looking.draw() returns int language plpgsql volatile
      as $$ begin return nextval('looking.spare'); end $$;
    ${names.map(createTableWithKeys).join('\n')}
    ${names.map(createFunctions).join('\n')}
    ${triggerFunctions}
    create function looking.change(command text) returns void language plpgsql security definer
      as $$ begin execute command; end $$;
    ${createTable('elsewhere', 'docs')}
    create sequence elsewhere.docs_id_seq start 8000000;
    alter table elsewhere.docs alter id set default nextval('elsewhere.docs_id_seq') * 2 + 1;
    alter table elsewhere.docs add check (org is distinct from 2);
    ${grantAll(role)}`;
}

/** Everything that a role needs to insert into the tables. It owns nothing, so policies apply to it. */
export function grantAll(role: string): string {
  return `
    grant usage on schema looking, elsewhere to ${role};
    grant all on all tables in schema looking, elsewhere to ${role};
    grant all on all sequences in schema looking, elsewhere to ${role};`;
}
