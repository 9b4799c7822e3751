import { setImmediate as turn } from 'node:timers/promises';
import type { Database } from './program-database.ts';
import { makeInsert, type PreparedInsert } from './program-inserts.ts';
import type { Parent, Quote } from './program-rows.ts';
import { type Executable, runStatement } from './program-statements.ts';
import type { Insert, Program, Step, Transaction } from './programs.ts';
import { nameOf, type Outcome, outcomeOf, type Path, ScopeTrace, type Seen, type Trace } from './trace.ts';

/**
 * An insert that has been issued, and may have been written. Calling it gives the same outcome as awaiting
 * the insert.
 */
export type Issued = () => Promise<Outcome>;

/** More than drizzle takes from the call of a statement to the driver. */
const jobs = 50;

async function pass(pause: 'jobs' | 'turn'): Promise<void> {
  if (pause === 'turn') await turn();
  else for (let job = 0; job < jobs; job++) await undefined;
}

function refersToRows({ rows }: Insert): boolean {
  return rows.some((row) => Object.values(row).some(({ is }) => is === 'parent' || is === 'quote'));
}

/** The error that a program throws by itself. */
export class Enough extends Error {}

/** Runs a program on a database. The two subclasses do what differs between plain drizzle and ours. */
export abstract class Runner {
  readonly trace: Trace = new Map();
  /** Inserts that are awaited after the outermost transaction has ended. */
  #afterwards: { issued: Issued; seen: Omit<Seen, 'outcome'>; path: Path }[] = [];

  async run(db: Database, program: Program): Promise<void> {
    const scope = new ScopeTrace([]);
    const outcome = await outcomeOf(this.#steps(db, program.steps, scope));
    this.trace.set('program', { what: 'transaction', scope, inner: scope, outcome });
  }

  /** Issues an insert at its place among the calls. */
  protected abstract issue(db: Database, insert: PreparedInsert, scope: ScopeTrace): Promise<Issued>;

  /** The id of a parent, or an expression for it. */
  abstract parent(parent: Parent, path: Path): unknown;

  /** The text of a row, or an expression for it. */
  abstract quote(quote: Quote, path: Path): unknown;

  protected abstract flush(db: Database): Promise<void>;

  /**
   * Called when an insert or a whole transaction was awaited. Later steps can't refer to rows whose keys are
   * unknown.
   */
  protected claimed(_path: Path): void {}

  /** Called when the rows of a transaction no longer exist. */
  protected rolledBack(_path: Path): void {}

  async #steps(db: Database, steps: readonly Step[], scope: ScopeTrace): Promise<void> {
    const late: { at: number; claim: (awaitedAt: string) => Promise<void> }[] = [];
    for (const [index, step] of steps.entries()) {
      const path = [...scope.path, index];
      try {
        const claim = await this.#step(db, step, path, scope);
        if (claim) late.push({ at: index + claim.after, claim: claim.claim });
        const isLast = index === steps.length - 1;
        for (const due of late.filter(({ at }) => at === index || (isLast && at > index)))
          await due.claim(nameOf(path));
      } catch (error) {
        scope.thrownAt = nameOf(path);
        throw error;
      }
    }
  }

  async #step(
    db: Database,
    step: Step,
    path: Path,
    scope: ScopeTrace,
  ): Promise<{ after: number; claim: (awaitedAt: string) => Promise<void> } | undefined> {
    switch (step.do) {
      case 'insert': {
        const flight = scope.flight;
        const issued = await this.#issue(db, step, path, scope, step.awaited === 0);
        const seen = { what: 'insert' as const, scope, flight, table: step.table };
        if (step.awaited === 'after the transaction') this.#afterwards.push({ issued, seen, path });
        const after = step.awaited;
        if (typeof after === 'string') return undefined;
        const claim = async (awaitedAt: string) => {
          const outcome = await issued();
          if (flight === scope.flight) scope.flight++;
          this.claimed(path);
          this.#see(path, { ...seen, awaitedAt, outcome }, step.caught);
        };
        return { after, claim };
      }
      case 'group':
        return this.#group(db, step, path, scope);
      case 'flush': {
        const outcome = await outcomeOf(this.flush(db));
        scope.flight++;
        this.#see(path, { what: 'flush', scope, outcome }, true);
        return undefined;
      }
      case 'transaction':
        return this.#transaction(db, step, path, scope);
      default: {
        scope.flight++;
        const { statement, ...seen } = runStatement(db, step, path, this);
        const outcome = await outcomeOf(statement);
        scope.note(outcome, path);
        scope.flight++;
        this.#see(path, { what: 'statement', scope, ...seen, outcome }, step.caught);
      }
    }
  }

  async #group(
    db: Database,
    { members, pauses, caught }: Step & { do: 'group' },
    path: Path,
    scope: ScopeTrace,
  ): Promise<undefined> {
    const seen: Omit<Seen, 'outcome'>[] = [];
    const work: Issued[] = [];
    const running: Promise<Outcome>[] = [];
    // What refers to a row, and what stands behind it, may be written once that row is known.
    const mayBeLate = members.some((member) => member.do === 'insert' && refersToRows(member));
    // In the order in which they are heard. A rejection takes further promise jobs to its caller.
    const heard = { written: [] as string[], refused: [] as string[] };
    const run = async (member: Issued, place: number) => {
      const outcome = await member();
      if ('error' in outcome) heard.refused.push(`member ${place}`);
      else if (!mayBeLate) heard.written.push(`member ${place}`);
      return outcome;
    };
    const runAll = () => {
      for (const member of work.splice(0)) running.push(run(member, running.length));
    };
    for (const [index, member] of members.entries()) {
      const own = [...path, index];
      const pause = pauses[index] ?? 'none';
      if (pause !== 'none') {
        runAll();
        await pass(pause);
        // They may have left.
        for (let before = 0; before < index; before++) this.claimed([...path, before]);
      }
      if (member.do === 'insert') {
        seen.push({ what: 'insert', scope, flight: scope.flight, table: member.table });
        work.push(await this.#issue(db, member, own, scope, true));
      } else {
        scope.flight++;
        const { statement, ...about } = runStatement(db, member, own, this);
        seen.push({ what: 'statement', scope, ...about });
        work.push(await this.execute(statement, scope, own));
      }
    }
    runAll();
    const outcomes = await Promise.all(running);
    if (seen.some(({ flight }) => flight === scope.flight)) scope.flight++;
    for (const [index, outcome] of outcomes.entries()) {
      const own = [...path, index];
      this.claimed(own);
      this.#see(own, { ...(seen[index] as Seen), outcome }, true);
    }
    // On a single connection they are executed in the order of the calls. An answer takes further promise jobs through `execute()`.
    // In a transaction with `awaits: 'queued'` an error is heard elsewhere.
    const isOrdered =
      !pauses.some((pause) => pause !== 'none') &&
      members.every((member) => member.do === 'insert' && !member.executed);
    if (!scope.isTransaction && isOrdered)
      this.trace.set(`${nameOf(path)} heard`, { what: 'statement', scope, outcome: { value: heard } });
    const failed = outcomes.find((outcome) => 'error' in outcome);
    if (failed && !caught) throw failed.error;
  }

  async #transaction(db: Database, step: Transaction, path: Path, outer: ScopeTrace): Promise<undefined> {
    const scope = new ScopeTrace(path, outer);
    outer.flight++;
    const work = async (tx: Database): Promise<string> => {
      await this.#steps(tx, step.steps, scope);
      if (step.ends === 'throws') throw new Enough('thrown by the program');
      return `result of ${nameOf(path)}`;
    };
    const outcome = await outcomeOf(
      db.transaction(work, step.isolation && { isolationLevel: step.isolation }),
    );
    outer.flight++;
    scope.isRolledBack = 'error' in outcome;
    if (scope.isRolledBack) this.rolledBack(path);
    if (scope.isRolledBack && !step.caught) outer.endedBy = scope;
    if (!outer.isTransaction) await this.#claimAfterwards();
    if (!outer.isTransaction) this.claimed(path);
    this.#see(path, { what: 'transaction', scope: outer, inner: scope, outcome }, step.caught);
  }

  /**
   * Awaits the remaining inserts. All of them settle, but only those that were not rolled back are recorded.
   */
  async #claimAfterwards(): Promise<void> {
    for (const { issued, seen, path } of this.#afterwards.splice(0)) {
      const outcome = await issued();
      const isKept = seen.scope.chain.every(({ isRolledBack }) => !isRolledBack);
      if (isKept) this.#see(path, { ...seen, outcome }, true);
    }
  }

  async #issue(db: Database, insert: Insert, path: Path, scope: ScopeTrace, atOnce = false): Promise<Issued> {
    if (insert.code) scope.mayFailFor(insert.code);
    let prepared: PreparedInsert;
    try {
      prepared = makeInsert(db, insert, path, this, atOnce);
    } catch (error) {
      return async () => ({ error });
    }
    return this.issue(db, prepared, scope);
  }

  /** Executes a statement of a group, either now or together with the group. */
  protected abstract execute(statement: Executable, scope: ScopeTrace, path: Path): Promise<Issued>;

  #see(path: Path, seen: Seen, caught: boolean): void {
    this.trace.set(nameOf(path), seen);
    if ('error' in seen.outcome && !caught) throw seen.outcome.error;
  }
}
