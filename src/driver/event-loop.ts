/** What the runtime's event loop has of Node's: phases, and ticks behind the promise jobs. */

// Captured at import: a test's fake timers must not stall a flush.
const { setImmediate } = globalThis;
// A Worker of Cloudflare may have no `process`.
const nextTick = globalThis.process?.nextTick;

/** A channel of two ports, as Node has it. */
type Channel = new () => { readonly port1: Port; readonly port2: Port };

/** A port of the web's has none of the optional methods, which Node, Bun and Deno add. */
interface Port {
  postMessage(message: unknown): void;
  on?(event: 'message', listener: () => void): unknown;
  ref?(): void;
  unref?(): void;
}

/**
 * Node's channel, if there is one. It is not imported, for a Worker of Cloudflare may have no `node:worker_threads`: then
 * none of its modules would load. Bun and Deno add to the web's ports only where that module is loaded. Node before 20.16
 * has no `getBuiltinModule`, and its global channel is the same.
 */
export const channelOfRuntime = (): Channel | undefined =>
  process.getBuiltinModule?.('node:worker_threads')?.MessageChannel ?? globalThis.MessageChannel;

/**
 * Makes a function that lets `run` be called once in the poll phase. A message arrives there, and needs no file, socket or
 * timer. The port keeps the process alive only while a call is due.
 *
 * Returns undefined if the ports are those of the web. Such a runtime has no phases, and a port with `onmessage` would keep
 * Deno alive.
 */
export function openTurnPort(Channel: Channel | undefined, run: () => void): (() => void) | undefined {
  if (!Channel) return undefined;
  const { port1, port2 } = new Channel();
  if (!port1.on || !port1.ref || !port1.unref || !port2.unref) return undefined;
  const { ref, unref } = port1;
  port1.on('message', () => {
    unref.call(port1);
    run();
  });
  unref.call(port1);
  port2.unref();
  return () => {
    ref.call(port1);
    port2.postMessage(undefined);
  };
}

let due: (() => void)[] = [];

function runDue(): void {
  const works = due;
  due = [];
  for (const work of works) work();
}

/** What the first flush finds out: whether the loop has a poll phase, and how to get there. */
let loop: { readonly enterPollPhase: (() => void) | undefined } | undefined;

function pollPhase(): (() => void) | undefined {
  loop ??= { enterPollPhase: openTurnPort(channelOfRuntime(), runDue) };
  return loop.enterPollPhase;
}

/** Whether the event loop has the phases of Node's. */
export function hasPhases(): boolean {
  return pollPhase() !== undefined;
}

/**
 * Runs `work` in the poll phase that follows. Without phases it runs at once: in a Worker the sockets of a flush belong to
 * its request, as the current immediate does, and a queue would be shared by all requests.
 */
export function inPollPhase(work: () => void): void {
  const enter = pollPhase();
  if (!enter) {
    work();
    return;
  }
  due.push(work);
  if (due.length === 1) enter();
}

const settled = Promise.resolve();

/** Runs `work` behind the promise jobs of this turn, and those that they queue. In a Worker a tick is one of these jobs. */
export function behindPromiseJobs(work: () => void): void {
  if (hasPhases()) settled.then(() => nextTick(work));
  else setImmediate(work);
}
