/** The results of a benchmark, as they are written to a file and read again. */

import type { Way } from './cell.ts';
import type { StatementTime } from './method/server-time.ts';

export interface Results {
  readonly format: 1;
  readonly date: string;
  readonly mode: 'full' | 'quick' | 'chosen';
  readonly environment: Environment;
  /** The parts that `--renew` measured later than the rest. */
  readonly renewed?: readonly Renewed[];
  readonly cells: readonly CellResult[];
  readonly counts: readonly Count[];
  readonly profiles: readonly Profile[];
  readonly calls: readonly CallResult[];
  readonly memory: readonly MemoryResult[];
  /** EXPLAIN (ANALYZE, BUFFERS) of this library's statements for 1,000 orders. */
  readonly explained: readonly { readonly statement: string; readonly plan: string }[];
}

export interface Renewed {
  readonly date: string;
  /** The load average of one minute when it began. */
  readonly load: number;
  readonly parts: readonly string[];
}

export interface Environment {
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** The load average of one minute when the run began. Times from a busy machine are not reliable. */
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
  /** The time of a bare round trip. */
  readonly measuredLatency: number;
  readonly way?: Way;
  /** The sweep that the cell belongs to, which names the varied quantity. */
  readonly sweep?: string;
  readonly step?: number;
  /** The number of transactions in a timed run, if several. The figures of a side are then those of one. */
  readonly transactions?: number;
  /** The number of callers, if the job has several numbers of them. */
  readonly callers?: number;
  /** The side that the ratios are relative to. */
  readonly reference: string;
  readonly sides: readonly SideResult[];
}

export interface SideResult {
  readonly side: string;
  /** Milliseconds of each run, ascending; empty if the side was skipped. */
  readonly samples: readonly number[];
  /** Milliseconds of processor time of each run, ascending, if the cell is about them. */
  readonly clientCpu?: readonly number[];
  /** That of the side's connections in the server, if Linux shows it. */
  readonly serverCpu?: readonly number[];
  /** How long the calls of all runs took, if a run has several callers. */
  readonly calls?: { readonly count: number; readonly p50: number; readonly p99: number };
  /** Why nothing was measured. */
  readonly skipped?: string;
}

/** Round trips and statements of one run, which CI compares. */
export interface Count {
  readonly job: string;
  readonly size: number;
  readonly side: string;
  readonly trips: number;
  readonly statements: number;
}

/** The cost of one side in a process of its own. */
export interface Profile {
  readonly job: string;
  readonly size: number;
  readonly side: string;
  readonly runs: number;
  /** The time of one run in milliseconds. */
  readonly wallMs: number;
  readonly clientCpuMs: number;
  readonly serverCpuMs?: number;
  /** Resident memory before the first run and at its peak. */
  readonly beforeMb: number;
  readonly peakMb: number;
  /** The statements of the last run. */
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

/** The memory that many rows take in a process of their own. */
export interface MemoryResult {
  readonly label: string;
  readonly rows: number;
  /** Heap bytes per row, without the caller's own rows, while all rows are queued. */
  readonly bytes?: number;
  /** Resident memory before rows are written, and its peak while they are. */
  readonly beforeMb?: number;
  readonly peakMb?: number;
  readonly skipped?: string;
}
