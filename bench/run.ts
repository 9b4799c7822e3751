import { createDatabase } from '../test/support/database.ts';
import { startServer } from '../test/support/server.ts';
import { callCost } from './jobs/call-cost.ts';
import { tables } from './jobs/index.ts';
import { passes } from './jobs/passes.ts';
import { type Findings, runAlone } from './method/alone.ts';
import { Referee } from './method/database.ts';
import { environment } from './method/environment.ts';
import { explainInsert } from './method/explain.ts';
import { weighMemory } from './method/memory.ts';
import { runCell } from './method/run-cell.ts';
import { SideProcesses } from './method/side-processes.ts';
import { lacking } from './method/way.ts';
import { isFor, type Plan } from './plan.ts';
import { type Progress, startProgress } from './progress.ts';
import type { CallResult, CellResult, MemoryResult, Results } from './results.ts';
import { showCalls, showCell, showMemory } from './show.ts';
import { sideNamed } from './sides/index.ts';
import { orders } from './tables.ts';

/** Runs a plan, on a server of its own if no other is named. */
export async function run(plan: Plan, mode: Results['mode'], signal: AbortSignal): Promise<Results> {
  const progress = startProgress(plan.cells.length + plan.sides.length + 2);
  const date = new Date().toISOString();
  try {
    const calls = await runCalls(plan, signal, progress);
    progress.say('starting PostgreSQL');
    const server = await startServer();
    try {
      const database = await createDatabase(server.url);
      const referee = new Referee(database.url);
      try {
        await referee.createTables(tables);
        const where = await environment(referee.sql, server.kind);
        const cells = await runCells(plan, database.url, referee, signal, progress);
        const findings = await runSides(plan, database.url, signal, progress);
        await referee.reset([orders]);
        const memory = await runMemory(plan, database.url, signal, progress);
        return {
          format: 1,
          date,
          mode,
          environment: where,
          cells,
          counts: findings.flatMap(({ counts }) => counts),
          profiles: findings.flatMap(({ profiles }) => profiles),
          calls,
          memory,
          explained: plan.profiles.length > 0 ? await explainInsert(database.url) : [],
        };
      } finally {
        await referee.close();
        await database.drop();
      }
    } finally {
      await server.stop();
    }
  } finally {
    progress.done();
  }
}

/** The measurements without a server: the cost of a call, and of the passes of a flush. */
async function runCalls(
  { callRounds }: Plan,
  signal: AbortSignal,
  progress: Progress,
): Promise<CallResult[]> {
  progress.step('call cost');
  if (callRounds === 0) return [];
  const rounds = { rounds: callRounds, warmup: Math.ceil(callRounds / 10), signal };
  const calls = [await callCost(rounds), await passes(rounds)];
  for (const call of calls) progress.print(showCalls(call));
  return calls;
}

async function runMemory(
  { queued }: Plan,
  url: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<MemoryResult[]> {
  progress.step('memory');
  if (queued === 0) return [];
  const results = await weighMemory(url, queued, signal, (doing) => progress.say(doing));
  progress.print(showMemory(results));
  return results;
}

async function runCells(
  { cells }: Plan,
  url: string,
  referee: Referee,
  signal: AbortSignal,
  progress: Progress,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  const processes = new SideProcesses(url, signal);
  try {
    for (const cell of cells) {
      progress.step(cell.id);
      const lacks = lacking(cell.way);
      if (lacks !== undefined) {
        progress.print(`\n${cell.id}: skipped: ${lacks}`);
        continue;
      }
      const say = (doing: string) => progress.say(doing);
      const result = await runCell(cell, { url, referee, processes, signal, say });
      progress.print(showCell(result));
      results.push(result);
    }
  } finally {
    await processes.close();
  }
  return results;
}

async function runSides(
  { sides, counts, profiles }: Plan,
  serverUrl: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const side of sides) {
    signal.throwIfAborted();
    progress.step(`${side}, in a process of its own`);
    const own = counts.filter(isFor(side));
    const profiled = sideNamed(side).isVariant ? [] : profiles;
    for (const assignment of [{ counts: own }, ...profiled.map((profile) => ({ counts: [], profile }))]) {
      if (assignment.counts.length === 0 && !('profile' in assignment)) continue;
      // Each process also has its own database, in which it creates the tables.
      const database = await createDatabase(serverUrl);
      try {
        findings.push(await runAlone({ url: database.url, side, ...assignment }, signal));
      } finally {
        await database.drop();
      }
    }
  }
  return findings;
}
