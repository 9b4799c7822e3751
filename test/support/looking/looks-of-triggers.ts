import { type Look, ofBoth } from './look.ts';

const trigger =
  (when: string, call: Look): Look =>
  (t, o) =>
    `create or replace trigger looks ${when.replace('$', ` on looking.${t} `)} execute function looking.${call(t, o)};`;

const rule =
  (action: Look): Look =>
  (t, o) =>
    `create or replace rule looks as on insert to looking.${t} ${action(t, o)};`;

/** What else happens when rows are written. */
export const triggerLooks = {
  'trigger: changes a row': trigger('before insert$for each row', () => 'changes()'),
  'trigger: changes the key': trigger('before insert$for each row', () => 'changes_key()'),
  'trigger: swallows rows': trigger('before insert$for each row', () => 'swallows()'),
  'trigger: redirects rows': trigger('before insert$for each row', (_, o) => `redirects(${o})`),
  'trigger: logs each row': ofBoth(trigger('after insert$for each row', () => 'logs_row()')),
  'trigger: logs before a statement': trigger('before insert$for each statement', () => 'logs_statement()'),
  'trigger: logs after a statement': ofBoth(
    trigger('after insert$for each statement', () => 'logs_statement()'),
  ),
  'trigger: logs the rows of a statement': trigger(
    'after insert$referencing new table as written for each statement',
    () => 'logs_written()',
  ),
  'trigger: notifies': trigger('after insert$for each row', () => 'notifies()'),
  'trigger: logs at commit': (t) => `
    drop trigger if exists looks on looking.${t};
    create constraint trigger looks after insert on looking.${t} deferrable initially deferred
      for each row execute function looking.logs_row();`,
  'rule: also logs': rule(
    (t) => `do also insert into looking.log values ('${t} rule', looking.${t}_count_now())`,
  ),
  'rule: nothing instead': rule(() => 'where new.org = 3 do instead nothing'),
} satisfies Record<string, Look>;
