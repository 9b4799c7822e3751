import type { Sql } from 'postgres';
import type { HeldWire } from './fault-relay.ts';

/** Faults of a connection whose messages are held back, by name. `check` is a separate client. */
export const faults: Record<string, (wire: HeldWire, check: Sql) => Promise<void>> = {
  'the backend terminated': async (wire, check) => {
    await check`select pg_terminate_backend(${wire.pid}, 5000)`;
    wire.release();
  },
  'the wire cut': async (wire) => wire.cut('close'),
  'the wire reset': async (wire) => wire.cut('reset'),
  cancelled: async (wire, check) => {
    await check`select pg_cancel_backend(${wire.pid})`;
    wire.release();
  },
};
