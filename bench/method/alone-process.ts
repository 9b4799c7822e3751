import { startRelay } from '../../test/support/relay.ts';
import { graphTables } from '../jobs/graph.ts';
import { jobNamed } from '../jobs/index.ts';
import type { Count, Profile } from '../results.ts';
import { openSide } from '../sides/index.ts';
import type { Assignment } from './alone.ts';
import { makeContestant } from './contestant.ts';
import { Referee } from './database.ts';
import { collectGarbage } from './heap.ts';
import { readStatements, serverCpu, spent, startStatements } from './server-time.ts';
import { turn } from './turns.ts';

/** No more runs are measured once they have taken so many milliseconds together. */
const longest = 1_000;

const { url, side, counts, profile } = JSON.parse(process.argv[2] ?? '') as Assignment;
const referee = new Referee(url);
const jobs = [...counts, ...(profile ? [profile] : [])].map(({ job }) => jobNamed(job));
const tables = [...new Set([...graphTables, ...jobs.flatMap((job) => job.tables)])];
try {
  await referee.createTables(tables);
  process.send?.({
    counts: await count(),
    profiles: profile ? await weigh(profile.job, profile.size) : [],
  });
} finally {
  await referee.close();
}
process.disconnect();

/**
 * Counts round trips and statements. The relay is slow enough that no result arrives while a flight is
 * written.
 */
async function count(): Promise<Count[]> {
  if (counts.length === 0) return [];
  const relay = await startRelay({ target: url, delay: 5 });
  const session = await openSide(side, { url: relay.url, tables });
  const found: Count[] = [];
  for (const { job: name, size } of counts) {
    const job = jobNamed(name);
    if (!job.prepare(session, 1)) continue;
    await job.expect(referee, size);
    const contestant = makeContestant(side, job, session, size, referee);
    await turn(contestant, 1);
    const seen: Pick<Count, 'trips' | 'statements'>[] = [];
    const run = {
      ...contestant,
      before: async () => {
        await contestant.before?.();
        relay.reset();
      },
    };
    // If a client pauses in the middle of a flight, one more round trip is counted. So the least of three
    // runs is taken.
    for (let n = 0, ms = 0; n < 3 && ms < 500; n++) {
      ms += (await turn(run, 1))[0] ?? 0;
      seen.push({ trips: relay.trips, statements: relay.statements.length });
    }
    const trips = Math.min(...seen.map(({ trips }) => trips));
    found.push({ job: name, size, side, trips, statements: seen[0]?.statements ?? 0 });
  }
  await session.close();
  await relay.close();
  return found;
}

async function weigh(name: string, size: number): Promise<Profile[]> {
  const job = jobNamed(name);
  const session = await openSide(side, { url, tables });
  try {
    if (!job.prepare(session, 1)) return [];
    await job.expect(referee, size);
    await turn(makeContestant(side, job, session, Math.min(10, size), referee), 1);
    const contestant = makeContestant(side, job, session, size, referee);
    const started = { client: process.cpuUsage(), server: await serverCpu(referee.sql) };
    let sums = { wall: 0, client: 0, server: 0 };
    let memory: { beforeMb: number; peakMb: number } | undefined;
    let beforeMb = 0;
    let runs = 0;
    let hasStatements = false;
    const watched = {
      ...contestant,
      async before() {
        await contestant.before?.();
        hasStatements = await startStatements(referee.sql);
        collectGarbage();
        beforeMb = process.memoryUsage.rss() / 2 ** 20;
        started.server = await serverCpu(referee.sql);
        started.client = process.cpuUsage();
      },
      async after() {
        const { user, system } = process.cpuUsage(started.client);
        sums.client += (user + system) / 1_000;
        const server = await serverCpu(referee.sql);
        if (started.server && server) sums.server += spent(started.server, server);
        memory ??= { beforeMb, peakMb: process.resourceUsage().maxRSS / 1_024 };
        await contestant.after?.();
      },
    };
    const [first = 0] = await turn(watched, 1);
    // Compiling takes much of the first run's time, so that run counts only if it takes long.
    if (first < longest) sums = { wall: 0, client: 0, server: 0 };
    else [sums.wall, runs] = [first, 1];
    while (runs < 20 && sums.wall < longest) {
      sums.wall += (await turn(watched, 1))[0] ?? 0;
      runs++;
    }
    const profile = {
      job: name,
      size,
      side,
      runs,
      wallMs: sums.wall / runs,
      clientCpuMs: sums.client / runs,
      ...(started.server ? { serverCpuMs: sums.server / runs } : {}),
      ...(memory ?? { beforeMb, peakMb: beforeMb }),
      ...(hasStatements ? { statements: (await readStatements(referee.sql)).filter(isTheSides) } : {}),
    };
    return [profile];
  } finally {
    await session.close();
  }
}

/**
 * Excludes the referee's own statements. They check the tables after the run, and name the schema `expected`.
 */
function isTheSides({ query }: { query: string }): boolean {
  return !query.includes('expected.');
}
