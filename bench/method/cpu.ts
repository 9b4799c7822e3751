import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { backendCpu, spent } from './server-time.ts';
import type { Contestant } from './turns.ts';

/** Milliseconds of processor time of each run. `server` is empty if its processes are not visible. */
export interface CpuSamples {
  readonly client: number[];
  readonly server: number[];
}

/** A backend still works for a moment after its last answer. */
const aMoment = 2;

/** Adds the processor time of each run to `samples`. Neither reading is within the time of the run. */
export function withCpu(contestant: Contestant, sql: Sql, samples: CpuSamples): Contestant {
  let before: Map<number, number> | undefined;
  return {
    ...contestant,
    async before() {
      await contestant.before?.();
      await pause(aMoment);
      before = await backendCpu(sql);
    },
    async run() {
      const started = process.cpuUsage();
      await contestant.run();
      const { user, system } = process.cpuUsage(started);
      samples.client.push((user + system) / 1_000);
    },
    async after() {
      await pause(aMoment);
      const after = await backendCpu(sql);
      if (before && after) samples.server.push(spent(before, after));
      await contestant.after?.();
    },
  };
}
