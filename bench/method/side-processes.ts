import { type ChildProcess, fork } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cell } from '../cell.ts';
import type { Setting } from '../sides/side.ts';

/** What a side is asked to take part in. */
export interface Entry {
  readonly cell: Cell;
  /** How its clients connect. */
  readonly setting: Pick<Setting, 'url' | 'isPooled' | 'idleMs'>;
}

/** The number of turns that a side wants, or why it has none. */
export type Admission = { readonly turns: number } | { readonly skipped: string } | 'takes no part';

/** What the runs of a side add besides their times. */
export interface Tally {
  /** Milliseconds of processor time of each run. `serverCpu` is empty if the server's processes are not visible. */
  readonly clientCpu: readonly number[];
  readonly serverCpu: readonly number[];
  /** Milliseconds of each call, if a run has several callers. */
  readonly calls: readonly number[];
}

export type Request = { readonly enter: Entry } | 'run' | 'leave';
export type Answer = { readonly value: unknown } | { readonly error: string };

/**
 * The sides, each in a process of its own, as a program has one of them: code that is compiled for the
 * objects of several sides is slower for each of them. The processes stay from cell to cell, so that it stays compiled.
 */
export class SideProcesses {
  readonly #processes = new Map<string, ChildProcess>();

  /** @param url of the database in which the tables are */
  constructor(
    private readonly url: string,
    private readonly signal: AbortSignal,
  ) {
    // Each process listens to it.
    setMaxListeners(0, signal);
  }

  /** Connects the side and warms it up. */
  enter(side: string, entry: Entry): Promise<Admission> {
    return this.#ask<Admission>(side, { enter: entry });
  }

  /** One run. @returns its milliseconds */
  run(side: string): Promise<number> {
    return this.#ask<number>(side, 'run');
  }

  /** Closes the connections of the side. */
  leave(side: string): Promise<Tally> {
    return this.#ask<Tally>(side, 'leave');
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#processes.values()].map(async (child) => {
        if (!child.connected) return;
        const ended = once(child, 'exit');
        child.disconnect();
        await ended;
      }),
    );
  }

  async #ask<T>(side: string, request: Request): Promise<T> {
    this.signal.throwIfAborted();
    const child = this.#process(side);
    return new Promise<T>((resolve, reject) => {
      const stop = () => {
        child.off('message', hear).off('exit', end);
      };
      const hear = (answer: Answer) => {
        stop();
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.value as T);
      };
      const end = (code: number | null) => {
        stop();
        reject(
          this.signal.aborted ? this.signal.reason : new Error(`the process of ${side} ended with ${code}`),
        );
      };
      child.on('message', hear).on('exit', end);
      // One that has ended before says so only here.
      child.send(request, (error) => error && end(child.exitCode));
    });
  }

  #process(side: string): ChildProcess {
    const known = this.#processes.get(side);
    if (known) return known;
    const program = fileURLToPath(new URL('side-process.js', import.meta.url));
    const child = fork(program, [side, this.url], { signal: this.signal });
    // An aborted signal is one. Whoever waits for an answer hears that the process has ended.
    child.on('error', () => {});
    this.#processes.set(side, child);
    return child;
  }
}
