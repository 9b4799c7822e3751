/** What a benchmark leaves behind, as it is written to a file and read again. */

import type { Way } from './cell.ts';
import type { StatementTime } from './method/server-time.ts';

export interface Results {
  readonly format: 1;
  readonly date: string;
  readonly mode: 'full' | 'quick' | 'chosen';
  readonly environment: Environment;
  readonly cells: readonly CellResult[];
  readonly counts: readonly Count[];
  readonly profiles: readonly Profile[];
  readonly calls: readonly CallResult[];
  readonly memory: readonly MemoryResult[];
  /** EXPLAIN (ANALYZE, BUFFERS) of what this library sends for 1,000 orders. */
  readonly explained: readonly { readonly statement: string; readonly plan: string }[];
}

export interface Environment {
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** Of one minute, when the run began; a busy machine is no place to measure on. */
  readonly load: number;
  readonly postgres: string;
  readonly server: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, string>>;
}

/** One job of one size at one latency. */
export interface CellResult {
  readonly id: string;
  readonly job: string;
  readonly title: string;
  readonly size: number;
  readonly rows: number;
  readonly latency: number;
  /** What a bare round trip took. */
  readonly measuredLatency: number;
  readonly way?: Way;
  /** The sweep of which it is a step, and what is varied there. */
  readonly sweep?: string;
  readonly step?: number;
  /** The side whose time the ratios are relative to. */
  readonly reference: string;
  readonly sides: readonly SideResult[];
}

export interface SideResult {
  readonly side: string;
  /** Milliseconds of each run, rising; empty where it was skipped. */
  readonly samples: readonly number[];
  /** Why nothing was measured. */
  readonly skipped?: string;
}

/** Round trips and statements of one run; what CI compares. */
export interface Count {
  readonly job: string;
  readonly size: number;
  readonly side: string;
  readonly trips: number;
  readonly statements: number;
}

/** What one side costs in a process of its own. */
export interface Profile {
  readonly job: string;
  readonly size: number;
  readonly side: string;
  readonly runs: number;
  /** Of one run, in milliseconds. */
  readonly wallMs: number;
  readonly clientCpuMs: number;
  readonly serverCpuMs?: number;
  /** Resident memory before the first run and at its peak. */
  readonly beforeMb: number;
  readonly peakMb: number;
  /** Of the last run. */
  readonly statements?: readonly StatementTime[];
}

export interface CallResult {
  readonly title: string;
  readonly unit: 'µs' | 'ms';
  readonly lines: readonly {
    readonly label: string;
    readonly median: number;
    readonly min: number;
    readonly max: number;
    readonly bytes?: number;
  }[];
}

/** What many rows hold in the memory of a process of their own. */
export interface MemoryResult {
  readonly label: string;
  readonly rows: number;
  /** Of the heap, for each row, beyond the caller's own rows; measured while all of them are queued. */
  readonly bytes?: number;
  /** Resident memory before rows are written, and its peak while they are. */
  readonly beforeMb?: number;
  readonly peakMb?: number;
  readonly skipped?: string;
}
