import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { median } from '../median.ts';

/** A route to the database with a longer round trip. */
export interface Link {
  readonly url: string;
  /** The time of a bare `select 1` on it, in milliseconds. */
  readonly measured: number;
  close(): Promise<void>;
}

/** Connects directly if the latency is 0, or else through a relay. */
export async function openLink(target: string, latency: number): Promise<Link> {
  if (latency === 0) return { url: target, measured: await bareTrip(target), close: async () => {} };
  // A timer counts whole milliseconds, so the two ways of a whole latency may differ by one.
  const there = Number.isInteger(latency) ? Math.ceil(latency / 2) : latency / 2;
  const program = fileURLToPath(new URL('relay-process.js', import.meta.url));
  const relay = fork(program, [target, String(there), String(latency - there)]);
  const url = await new Promise<string>((resolve, reject) => {
    relay.once('message', (message) => resolve(String(message)));
    relay.once('exit', () => reject(new Error('the relay ended before it began')));
  });
  return {
    url,
    measured: await bareTrip(url),
    async close() {
      const ended = once(relay, 'exit');
      relay.disconnect();
      await ended;
    },
  };
}

async function bareTrip(url: string): Promise<number> {
  const sql = postgres(url, { max: 1 });
  const times: number[] = [];
  await sql`select 1`;
  for (let n = 0; n < 20; n++) {
    const started = performance.now();
    await sql`select 1`;
    times.push(performance.now() - started);
  }
  await sql.end({ timeout: 1 });
  return median(times.sort((a, b) => a - b));
}
