import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { integer, type PgTable, pgTable } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, expect, onTestFinished } from 'vitest';
import { describeResult } from './drivers/chosen.ts';
import { resultProperties } from './likeness.ts';
import { manyEntries } from './many-entries.ts';
import { type SideBySide, sideBySide } from './side-by-side.ts';
import type { TestDatabase } from './test-database.ts';
import { codeOf, type Outcome, outcomeOf } from './trace.ts';

/** A database or a transaction, of drizzle or ours, that an insert is made on. */
export type Inserter = Pick<PostgresJsDatabase, 'insert' | 'execute'>;

export interface Conflicts {
  /**
   * Runs the inserts in one turn on plain drizzle and on ours. Expects the same results, errors, rows and
   * next keys. It does so twice: by themselves, where they are few enough to be drizzle's own statements, and
   * beside so many entries of another table that the flush may share statements. Then it expects exactly
   * `statements` INSERTs from ours. A statement of a flight that is refused is sent again, as drizzle's own.
   *
   * @param given rows that are in the table beforehand
   * @returns the results of our inserts
   */
  expectSame<T extends PgTable>(
    table: T,
    given: readonly T['$inferInsert'][],
    inserts: (db: Inserter) => PromiseLike<unknown>[],
    statements: number,
  ): Promise<unknown[]>;
  /** The same on the database itself, where each insert is a transaction of its own. */
  expectSameOutside: Conflicts['expectSame'];
  /** The same as a new role that has only these grants. */
  expectSameAs(grants: readonly string[], ...given: Parameters<Conflicts['expectSame']>): Promise<unknown[]>;
  readonly sides: SideBySide;
}

/** A table whose entries make a flush too large for own statements. */
const crowd = pgTable('crowd', { n: integer('n') });

/** @param setUp creates the tables. Each comparison begins with empty tables and new sequences. */
export function compareConflicts(
  database: TestDatabase,
  setUp: readonly string[],
  tables: readonly PgTable[],
): Conflicts {
  let sent: string[] = [];
  const logger = { logQuery: (text: string) => void sent.push(text) };
  let sides: SideBySide;
  beforeAll(async () => {
    const empty = sql`truncate ${sql.join([...tables], sql`, `)} restart identity cascade`;
    sides = sideBySide(database, { logger }, empty);
    const createCrowd = ['create table crowd (n int)', 'grant insert on crowd to public'];
    for (const statement of [...createCrowd, ...setUp]) await sides.plain.execute(sql.raw(statement));
  });
  type Within = (db: PostgresJsDatabase, work: (db: Inserter) => Promise<unknown[]>) => Promise<unknown>;
  const runAndCompare =
    (within: Within, others: number) =>
    async (
      table: PgTable,
      given: readonly object[],
      inserts: (db: Inserter) => PromiseLike<unknown>[],
    ): Promise<{ results: unknown[]; sentInserts: number }> => {
      const { plain, batched } = await sides.runAndRead(async (db) => {
        if (given.length > 0) await db.insert(table).values(given as never);
        sent = [];
        let results: unknown[] = [];
        let outcomes: Outcome[] = [];
        const outcome = await outcomeOf(
          within(db, async (inner) => {
            const crowded = Array.from({ length: others }, (_, n) =>
              outcomeOf(inner.insert(crowd).values({ n })),
            );
            outcomes = await Promise.all(inserts(inner).map(outcomeOf));
            await Promise.all(crowded);
            results = outcomes.map((each) =>
              'value' in each ? told(each.value) : { code: codeOf(each.error) },
            );
            return results;
          }),
        );
        const sentInserts = sent.filter((text) => /insert into (?!"crowd")/.test(text)).length;
        if ('value' in outcome) return { results, code: undefined, sentInserts };
        // Keys that were drawn for a flight which was refused are gaps.
        const ends = outcomes.map((each) => ('error' in each ? codeOf(each.error) : 'written'));
        return { results: ends, code: codeOf(outcome.error), sentInserts };
      }, table);
      const { sentInserts, ...ours } = batched.result;
      const { sentInserts: _, ...theirs } = plain.result;
      expect({ ...ours, rows: batched.rows }).toEqual({ ...theirs, rows: plain.rows });
      return { results: ours.results, sentInserts };
    };
  const compare = (within: Within) => {
    const alone = runAndCompare(within, 0);
    const crowded = runAndCompare(within, manyEntries);
    return async (...[table, given, inserts, statements]: Parameters<Conflicts['expectSame']>) => {
      await alone(table, given, inserts);
      const { results, sentInserts } = await crowded(table, given, inserts);
      expect(sentInserts).toBe(statements);
      return results;
    };
  };
  const newRole = async (grants: readonly string[]): Promise<string> => {
    const role = `conflicts_${randomBytes(6).toString('hex')}`;
    await sides.plain.execute(sql.raw(`create role ${role}`));
    onTestFinished(async () => {
      await sides.plain.execute(sql.raw(`drop owned by ${role}; drop role ${role}`));
    });
    for (const grant of ['insert on crowd', ...grants])
      await sides.plain.execute(sql.raw(`grant ${grant} to ${role}`));
    return role;
  };
  return {
    get sides() {
      return sides;
    },
    expectSame: compare((db, work) => db.transaction(work)),
    expectSameOutside: compare((db, work) => work(db)),
    async expectSameAs(grants, ...given) {
      const role = sql.raw(await newRole(grants));
      const compareAs = compare((db, work) =>
        db.transaction(async (tx) => {
          await tx.execute(sql`set local role ${role}`);
          return work(tx);
        }),
      );
      return compareAs(...given);
    },
  };
}

/** The part of a result that a program can see. */
function told(value: unknown): unknown {
  if (!Array.isArray(value)) return describeResult(value);
  if (!('command' in value)) return value;
  return value.length === 0 && (value as { columns?: unknown[] }).columns?.length === 0
    ? describeResult(value)
    : { rows: [...value], ...resultProperties(value) };
}
