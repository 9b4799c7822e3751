import type { Look } from './look.ts';

const check =
  (condition: Look): Look =>
  (t, o) =>
    `
    alter table looking.${t} drop constraint if exists guard;
    alter table looking.${t} add constraint guard check (${condition(t, o)}) not valid;`;

const policy =
  (withCheck: Look, using = 'true'): Look =>
  (t, o) =>
    `
    alter table looking.${t} enable row level security;
    drop policy if exists guard on looking.${t};
    create policy guard on looking.${t} using (${using}) with check (${withCheck(t, o)});`;

const inOther: Look = (t, o) => `exists (select from looking.${o} o where o.org = ${t}.org)`;

/** Conditions that a new row must meet. */
export const guardLooks = {
  'check: quota, stable': check((t) => `looking.${t}_in(org) < 4`),
  'check: quota, volatile': check((t) => `looking.${t}_in_now(org) < 4`),
  'check: org is in the other table': check((_, o) => `looking.${o}_in(org) > 0`),
  'check: org is not twice in the other table': check((_, o) => `looking.${o}_in(org) < 2`),
  'policy: quota': policy((t) => `looking.${t}_in(org) < 4`),
  'policy: quota, volatile': policy((t) => `looking.${t}_in_now(org) < 4`),
  'policy: membership by a subquery': policy(inOther),
  'policy: ban by a subquery': policy(
    (t, o) => `not exists (select from looking.${o} o where o.org = ${t}.org + 1)`,
  ),
  'policy: some rows are hidden': policy(() => 'true', 'org is distinct from 3'),
} satisfies Record<string, Look>;
