import { SingleBar } from 'cli-progress';
import postgres, { type Sql } from 'postgres';
import type { Relay } from '../../test/support/relay.ts';
import { people } from './people.ts';
import type { Side } from './sides.ts';
import { verify } from './verify.ts';

export interface Measurement {
  readonly label: string;
  readonly roundTrips: number;
  readonly seconds: number;
  readonly rows: number;
}

/**
 * Lets a side write through the relay, on a client of its own, and checks the rows over `direct`. Rejects
 * soon after `signal` has aborted, when the side's transaction has been rolled back.
 */
export async function measure(
  side: Side,
  count: number,
  relay: Relay,
  direct: Sql,
  signal: AbortSignal,
): Promise<Measurement> {
  const client = postgres(relay.url);
  const bar = side.batched ? undefined : progressBar(side.label);
  try {
    await side.write(client, people(`warm-up ${side.group}`, 2), () => {});

    const toWrite = people(side.group, count);
    bar?.start(count, 0);
    relay.reset();
    const started = performance.now();
    const written = await side.write(client, toWrite, () => {
      signal.throwIfAborted();
      bar?.increment();
    });
    const seconds = (performance.now() - started) / 1_000;
    const roundTrips = relay.trips;
    signal.throwIfAborted();

    return { label: side.label, roundTrips, seconds, rows: await verify(direct, toWrite, written) };
  } finally {
    bar?.stop();
    await client.end({ timeout: 1 });
  }
}

/** Returns no progress bar if the output is not a terminal. */
function progressBar(label: string): SingleBar | undefined {
  if (!process.stdout.isTTY) return undefined;
  return new SingleBar({ format: `${label} {bar} {value}/{total} users`, clearOnComplete: true });
}
