/** A client while this library uses it. */
import { asError } from '../errors.ts';
import { nodePostgresErrors, noteKind, unsupported } from './errors.ts';
import { type Client, hasOwnConnect, isPool, isUnusable, type Pool } from './internals.ts';
import { type Outbox, outboxOf } from './outbox.ts';

/** A client out of the pool, or the only one there is. */
export class Lease {
  readonly outbox: Outbox;
  #onLoss: ((error: Error) => void) | undefined;
  #loss: Error | undefined;
  readonly #pool: Pool | undefined;
  #isReleased = false;

  constructor(
    readonly client: Client,
    pool: Pool | undefined,
  ) {
    this.#pool = pool;
    this.outbox = outboxOf(client);
    this.outbox.listen(this.#lose);
  }

  /** @param onLoss is told, once, that the connection has been lost, also between two statements */
  listen(onLoss: (error: Error) => void): void {
    this.#onLoss = onLoss;
    // Nothing has been sent yet.
    if (this.#loss) onLoss(noteKind(this.#loss, 'unopened'));
  }

  readonly #lose = (error: Error): void => {
    // An answer took too long. It will come, and the transaction is rolled back behind it, as in plain drizzle.
    const isLate = !this.#pool && !isUnusable(this.client);
    if (this.#loss || isLate) return;
    // A client that is lost refuses statements. They are never sent.
    this.#loss = nodePostgresErrors.kindOf(error) === 'unopened' ? error : noteKind(error, 'lost');
    this.#onLoss?.(error);
  };

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const pool = this.#pool;
    if (pool && this.#loss) discard(this.client, this.#loss, pool);
    else if (pool) this.client.release?.();
    this.outbox.unlisten(this.#lose, pool !== undefined && this.#loss !== undefined);
  }
}

/** @param isOfProgram for a transaction that the program has asked for */
export async function lease(source: Client | Pool, isOfProgram = false): Promise<Lease> {
  const held = isPool(source) ? await takeOut(source, isOfProgram) : new Lease(source, undefined);
  try {
    checkVersion(held.client);
  } catch (error) {
    held.release();
    throw error;
  }
  return held;
}

/**
 * By the callback: the pool has stopped listening, and the client may be lost before a promise would resolve. But a program's
 * own `connect()` may prepare the client only for those who wait for the promise, as plain drizzle does for its transactions.
 */
function takeOut(pool: Pool, isOfProgram: boolean): Promise<Lease> {
  if (isOfProgram && hasOwnConnect(pool)) return takeOutByPromise(pool);
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client) resolve(new Lease(client, pool));
      else reject(noteKind(asError(error), 'unopened'));
    });
  });
}

async function takeOutByPromise(pool: Pool): Promise<Lease> {
  try {
    return new Lease(await pool.connect(), pool);
  } catch (error) {
    throw noteKind(asError(error), 'unopened');
  }
}

/**
 * Called with the first event of the loss. The pool ends the client now, and a client that is ending reports no more errors.
 * A later one would become the pool's `error` event, which ends the process if nobody listens.
 */
function discard(client: Client, loss: Error, pool: Pool): void {
  client.release?.(loss);
  // Before 8.23 and in Neon's driver a client that has ended does not say so again, and those who wait for it would wait on.
  process.nextTick(() => pool._pulseQueue?.());
}

/** Before 8.1 messages that leave together overwrite one another. */
function checkVersion({ connection }: Client): void {
  const { _send: send } = connection as unknown as { _send?: { length: number } };
  if (send && send.length > 1) throw unsupported('this version of pg is too old: 8.2 or later is needed');
}
