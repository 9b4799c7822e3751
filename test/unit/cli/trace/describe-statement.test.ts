import { expect, test } from 'vitest';
import { describeStatement } from '../../../../cli/src/trace/observe/describe-statement.ts';

test.each([
  ['insert into "users" ("name") values ($1)', 'insert into users'],
  ['-- a comment\n  DELETE  FROM only public."Big Table" where true', 'delete from public.Big Table'],
  ['select "id" from "users" where "id" = $1', 'select users'],
  ['update users set name = $1', 'update users'],
  ['with found as (select 1) select 1', 'with'],
  ['with given as (select 1) insert into "users" select * from given', 'insert into users'],
  ['rollback to savepoint sp1', 'rollback to'],
  ['START   TRANSACTION read only', 'start transaction'],
  ['copy users (name) from stdin', 'copy users'],
  ['', 'statement'],
])('of %j the verb and the table are kept: %s', (text, what) => {
  expect(describeStatement(text).what).toBe(what);
});

test.each([
  "select 'mail from alice', 1",
  "select E'it\\'s from alice', 1",
  'select $tag$mail from alice$tag$',
  "select 1 /* from alice */ -- from alice\n, 'and from alice",
])('no word of a literal or a comment is taken for a table: %s', (text) => {
  expect(describeStatement(text).what).toBe('select');
});

test.each([
  ['commit', 'ends'],
  ['rollback', 'ends'],
  ['commit and chain', 'chains'],
  ['rollback to savepoint sp1', undefined],
  ['release savepoint sp1', undefined],
])('%s: whether it ends its transaction is %s', (text, ends) => {
  expect(describeStatement(text).ends).toBe(ends);
});
