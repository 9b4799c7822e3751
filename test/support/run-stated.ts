/** Runs a program of statements, and tells all that it could observe. */
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { DrizzleQueryError, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { driver } from './drivers/chosen.ts';
import { type Stated, type StatedStep, values } from './stated-programs.ts';
import type { schema } from './stated-relations.ts';
import { alter, reset, statements } from './stated-statements.ts';

type Db = PostgresJsDatabase<typeof schema>;

const thrown = new Error('the callback has had enough');

/**
 * @param another a database of another session
 * @returns the outcome of each step, and the rows at the end, as text: values may have no other likeness
 */
export async function runStated(
  db: Db,
  program: readonly StatedStep[],
  another: Pick<Db, 'execute'>,
): Promise<string[]> {
  for (const statement of reset) await db.execute(statement);
  const seen: unknown[] = [];
  const run = async (on: Db, step: StatedStep): Promise<void> => {
    switch (step.do) {
      case 'alter':
        seen.push(await outcome(() => (step.by === 'the program' ? on : another).execute(alter())));
        return;
      case 'one':
        seen.push(await outcome(() => make(on, step.stated)));
        return;
      case 'together':
        seen.push(
          await Promise.all(
            step.stated.map(async (stated) => {
              for (let left = stated.turns; left > 0; left--) await turn();
              for (let left = stated.jobs; left > 0; left--) await undefined;
              return outcome(() => make(on, stated));
            }),
          ),
        );
        return;
      case 'raw transaction':
        seen.push(await outcome(() => on.execute(sql`begin`)));
        for (const inner of step.steps) await run(on, inner);
        seen.push(await outcome(() => on.execute(sql.raw(step.ends))));
        return;
      case 'transaction':
        seen.push(
          await outcome(() =>
            on.transaction(async (tx) => {
              for (const inner of step.steps) await run(tx as unknown as Db, inner);
              if (step.ends === 'throws') throw thrown;
              return 'returned';
            }),
          ),
        );
    }
  };
  for (const step of program) await run(db, step);
  for (const text of ['select * from cells order by id', 'select * from notes order by id'])
    seen.push(describe(await db.execute(sql.raw(text))));
  return seen.map((each) => inspect(each, { depth: 9, maxArrayLength: null, maxStringLength: null }));
}

function make(db: Db, { statement, value }: Stated): PromiseLike<unknown> {
  const of = statements.get(statement);
  if (!of) throw new Error(`no statement ${statement}`);
  return of(db, values[value]?.() as never);
}

async function outcome(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return { value: describe(await work()) };
  } catch (error) {
    return { error: describeError(error) };
  }
}

/** Rows, and what the driver adds to them. */
function describe(value: unknown): unknown {
  if (!Array.isArray(value)) return driver.comparable(value);
  const { count, command, columns, statement } = value as unknown as Record<string, unknown>;
  // A queued insert may share the statement that wrote it.
  const said = (command === 'INSERT' ? undefined : statement) as
    | { string?: unknown; types?: unknown }
    | undefined;
  return {
    rows: [...value],
    class: value.constructor.name,
    count,
    command,
    columns,
    text: said?.string,
    types: said?.types,
  };
}

const hidden = new Set(['stack', 'cause', 'routine', 'line', 'file']);

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const own: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(error)) {
    if (!hidden.has(name)) own[name] = (error as never)[name];
  }
  // The library names its savepoints as plain drizzle does, and makes their statements in another way.
  if (/^savepoint /.test(String(own.query))) for (const name of ['query', 'args']) delete own[name];
  // Ours says that nothing was written, and of which statement. Of plain drizzle's COMMIT see `TestDriver.reference`.
  if (error instanceof DrizzleQueryError && isOfCommit(error))
    return {
      class: error.constructor.name,
      name: error.name,
      of: 'commit',
      cause: describeError(error.cause),
    };
  // What fails behind another says which one that was. An insert has a message of its own.
  if ([error, error.cause].some((each) => (each as { code?: unknown } | undefined)?.code === '25P02'))
    return { class: error.constructor.name, code: '25P02' };
  return {
    class: error.constructor.name,
    name: error.name,
    own,
    cause: error.cause && describeError(error.cause),
  };
}

const isOfCommit = (error: DrizzleQueryError): boolean =>
  error.query === 'commit' || (error as { batchCode?: string }).batchCode === 'TRANSACTION_NOT_COMMITTED';
