/** A client while this library uses it. */
import { asError } from '../errors.ts';
import { noteKind, unsupported } from './errors.ts';
import { type Client, isPool, type Pool } from './internals.ts';
import { type Outbox, outboxOf } from './outbox.ts';

/** A client out of the pool, or the only one there is. */
export class Lease {
  readonly outbox: Outbox;
  /** Is told, once, that the connection has been lost, also between two statements. */
  onLoss: ((error: Error) => void) | undefined;
  #loss: Error | undefined;
  readonly #isPooled: boolean;
  #isReleased = false;

  constructor(
    readonly client: Client,
    isPooled: boolean,
  ) {
    this.#isPooled = isPooled;
    this.outbox = outboxOf(client);
    this.outbox.listen(this.#lose);
  }

  readonly #lose = (error: Error): void => {
    if (this.#loss) return;
    this.#loss = noteKind(error, 'lost');
    this.onLoss?.(error);
  };

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const isDiscarded = this.#isPooled && this.#loss !== undefined;
    if (isDiscarded) discard(this.client, this.#loss);
    else if (this.#isPooled) this.client.release?.();
    this.outbox.unlisten(this.#lose, isDiscarded);
  }
}

export async function lease(source: Client | Pool): Promise<Lease> {
  const client = isPool(source) ? await takeOut(source) : source;
  checkVersion(client);
  return new Lease(client, isPool(source));
}

async function takeOut(pool: Pool): Promise<Client> {
  try {
    return await pool.connect();
  } catch (error) {
    throw noteKind(asError(error), 'unopened');
  }
}

/**
 * A client that is lost tells it by more than one event. The pool would report those behind the first to its own listeners, and
 * without any the process would end. So the pool gets the client when all has been said.
 */
function discard(client: Client, loss: Error | undefined): void {
  const release = (): void => client.release?.(loss);
  if ((client as { _ended?: boolean })._ended === true) release();
  else client.once('end', release);
  // It may be lost only to us: the answer took too long.
  client.connection.stream.destroy();
}

/** Before 8.1 messages that leave together overwrite one another. */
function checkVersion({ connection }: Client): void {
  const { _send: send } = connection as unknown as { _send?: { length: number } };
  if (send && send.length > 1) throw unsupported('this version of pg is too old: 8.2 or later is needed');
}
