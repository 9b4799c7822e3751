import { sql } from 'drizzle-orm';
import { type Outcome, outcomeOf } from '../trace.ts';
import { sqlOfChange } from './changes.ts';
import { type Database, makeInsert, nameOf, type Path } from './make-insert.ts';
import type { Change, Group, Insert, Program, References, Setting, Step, Transaction } from './programs.ts';
import { tables } from './tables.ts';

/** The outcome of one step or of one member of a group, as the program saw it. */
export interface Seen {
  readonly what: string;
  readonly outcome: Outcome;
  /** The group in a transaction that the insert is a member of. */
  readonly group?: string;
  /** Whether the insert was not issued, since its parent had failed. */
  readonly isOrphan?: boolean;
}

export type Trace = Map<string, Seen>;

/** The error that a program throws by itself. */
export class Enough extends Error {}

/** Thrown if a parent's row was not written. Then there is no id to refer to, and nothing to compare. */
export class NoParent extends Error {}

export interface RunContext {
  readonly role: string;
  /** Whether the program's connection may change tables only by a function of their owner. */
  readonly byRole: boolean;
  /** Refers to the row of an insert that is not written yet. Plain drizzle can't. */
  readonly refer?: ((insert: unknown) => unknown) | undefined;
  /** Executes SQL on another connection, as the tables' owner. */
  readonly other: (command: string) => PromiseLike<unknown>;
}

/** Runs a program. The same code runs on plain drizzle and on ours. */
export async function runProgram(db: Database, program: Program, context: RunContext): Promise<Trace> {
  const run = new Run(context);
  const outcome = await outcomeOf(run.steps(db, program.steps, []));
  run.trace.set('program', { what: 'program', outcome });
  return run.trace;
}

class Run {
  readonly trace: Trace = new Map();

  constructor(readonly context: RunContext) {}

  async steps(db: Database, steps: readonly Step[], path: Path): Promise<void> {
    for (const [index, step] of steps.entries()) await this.#step(db, step, [...path, index]);
  }

  async #step(db: Database, step: Step, path: Path): Promise<void> {
    switch (step.do) {
      case 'group':
        return this.#group(db, step, path);
      case 'references':
        return this.#references(db, step, path);
      case 'change':
        return this.#see(path, step.do, await outcomeOf(this.#change(db, step)), step.caught);
      case 'set':
        return this.#see(path, step.do, await outcomeOf(this.#set(db, step.what)), true);
      case 'select': {
        // Without ORDER BY rows come in the order in which they were written.
        return this.#see(path, step.do, await outcomeOf(db.select().from(tables[step.table])), true);
      }
      case 'transaction':
        return this.#transaction(db, step, path);
    }
  }

  async #group(db: Database, { members, isFlushed, caught }: Group, path: Path): Promise<void> {
    const make = (insert: Insert, index: number) => makeInsert(db, insert, [...path, index]);
    const select = () => outcomeOf(db.select().from(tables.tags));
    if (isFlushed && path.length > 1 && this.context.refer) {
      const queries = members.map(make);
      await select();
      return this.#seeMembers(path, members, await Promise.all(queries.map(outcomeOf)), caught);
    }
    const outcomes = await Promise.all(members.map((insert, index) => outcomeOf(() => make(insert, index))));
    if (isFlushed && path.length > 1) await select();
    this.#seeMembers(path, members, outcomes, caught);
  }

  async #references(db: Database, { parent, children, caught }: References, path: Path): Promise<void> {
    const { refer } = this.context;
    const members = [parent, ...children];
    const call = (id: unknown) => (insert: Insert, index: number) =>
      outcomeOf(() => makeInsert(db, insert, [...path, index + 1], id));
    const query = makeInsert(db, parent, [...path, 0]);
    const first = outcomeOf(query);
    if (refer) {
      const outcomes = [first, ...children.map(call(refer(query)))];
      return this.#seeMembers(path, members, await Promise.all(outcomes), caught);
    }
    const outcome = await first;
    if ('error' in outcome) {
      return this.#seeMembers(path, members, [outcome, ...children.map(() => outcome)], caught, true);
    }
    const [row] = outcome.value as { id: number }[];
    if (!row) throw new NoParent();
    const rest = await Promise.all(children.map(call(row.id)));
    this.#seeMembers(path, members, [outcome, ...rest], caught);
  }

  #seeMembers(
    path: Path,
    members: readonly Insert[],
    outcomes: readonly Outcome[],
    caught: boolean,
    areOrphans = false,
  ): void {
    const group = path.length > 1 ? { group: nameOf(path) } : {};
    for (const [index, outcome] of outcomes.entries()) {
      const what = `insert into ${members[index]?.table}`;
      const isOrphan = areOrphans && index > 0;
      this.trace.set(nameOf([...path, index]), { what, outcome, ...group, isOrphan });
    }
    const failed = outcomes.find((outcome) => 'error' in outcome);
    if (failed && !caught) throw failed.error;
  }

  async #transaction(db: Database, step: Transaction, path: Path): Promise<void> {
    const outcome = await outcomeOf(
      db.transaction(async (tx) => {
        await this.steps(tx, step.steps, path);
        if (step.ends === 'throws') throw new Enough('thrown by the program');
        return `result of ${nameOf(path)}`;
      }),
    );
    this.#see(path, step.do, outcome, step.caught);
  }

  async #change(db: Database, change: Change): Promise<string> {
    const command = sqlOfChange(change, this.context.role);
    if (change.bySession === 'other') await this.context.other(command);
    else if (this.context.byRole) await db.execute(sql`select looking.change(${command})`);
    else await db.execute(sql.raw(command));
    return 'changed';
  }

  async #set(db: Database, what: Setting): Promise<string> {
    await db.execute(sql.raw(what.replace('the role', this.context.role)));
    return 'set';
  }

  #see(path: Path, what: string, outcome: Outcome, caught: boolean): void {
    this.trace.set(nameOf(path), { what, outcome });
    if ('error' in outcome && !caught) throw outcome.error;
  }
}
