import { type Look, ofBoth } from './look.ts';
import { starts } from './tables.ts';

const setDefault =
  (value: Look): Look =>
  (t, o) =>
    `alter table looking.${t} alter pos set default ${value(t, o)};`;

/** A number that is made of one from a sequence, which no other column draws from. */
const composed =
  (number: Look): Look =>
  (t, o) =>
    `
    create sequence if not exists looking.${t}_composed start ${starts[t]};
    grant all on looking.${t}_composed to public;
    ${setDefault(() => `lpad((${number(t, o)} + 10000000)::text, 12, '0')::int`)(t, o)}`;

const inDomain =
  (domain: Look): Look =>
  (t, o) =>
    `
    create domain looking.${t}_domain as int ${domain(t, o)};
    alter table looking.${t} alter pos drop default, alter pos type looking.${t}_domain;`;

const generated =
  (value: Look): Look =>
  (t, o) =>
    `
    alter table looking.${t} drop column pos;
    alter table looking.${t} add column pos int generated always as (${value(t, o)}) stored;`;

const setAt =
  (value: string): Look =>
  (t) =>
    `alter table looking.${t} alter at set default ${value};`;

/** Values that the server gives to columns that a row leaves out. */
export const defaultLooks = {
  'default: number of rows, stable': setDefault((t) => `looking.${t}_count()`),
  'default: number of rows, volatile': setDefault((t) => `looking.${t}_count_now()`),
  'default: number of rows of the other table': setDefault((_, o) => `looking.${o}_count()`),
  'default: function that draws': ofBoth(setDefault(() => 'looking.draw()')),
  'default: nextval': ofBoth(setDefault(() => `nextval('looking.spare')`)),
  'default: composed of nextval': composed((t) => `nextval('looking.${t}_composed')`),
  'default: composed of nextval, of both': ofBoth(composed((t) => `nextval('looking.${t}_composed')`)),
  'default: currval': setDefault((t) => `currval('looking.${t}_id_seq')`),
  'default: currval of the other table': setDefault((_, o) => `currval('looking.${o}_id_seq')`),
  'default: lastval': setDefault(() => 'lastval()'),
  'default: setting': setDefault(() => `length(current_setting('looking.setting', true))`),
  'default: clock_timestamp': setAt('clock_timestamp()'),
  'default: statement_timestamp': setAt('statement_timestamp()'),
  'domain: default counts': inDomain((t) => `default looking.${t}_count()`),
  'domain: default draws': ofBoth(inDomain(() => 'default looking.draw()')),
  'domain: check counts': inDomain((t) => `default 0 check (looking.${t}_count() < 7)`),
  'generated: from its own row': generated(() => 'org * 10'),
  'generated: number of rows': generated((t) => `looking.${t}_claimed_immutable(org)`),
} satisfies Record<string, Look>;
