/** A transaction that the library opens for inserts of the database. */
import { type Answer, command, type Statement } from '../driver/statement.ts';
import type { Instance } from './client.ts';
import { answerOf, PgliteConnection } from './connection.ts';
import { Lane } from './lane.ts';

/**
 * It takes the lock that PGlite's own transactions take, so that nobody's statements get in between. Not by
 * `client.transaction()`: that sends BEGIN and COMMIT also if the program has a transaction open by a BEGIN of its own, and
 * would commit it.
 *
 * Settles when BEGIN is answered.
 */
export async function beginOwnTransaction(instance: Instance): Promise<OwnTransaction> {
  await instance._checkReady();
  return new Promise((resolve, reject) => {
    const locked = instance._runExclusiveTransaction(async () => {
      const lane = new Lane(instance, false);
      const isJoined = (await lane.ask()) !== 'I';
      if (!isJoined) await lane.send(command('begin'));
      await new Promise<void>((release) => {
        resolve(new OwnTransaction(instance, lane, isJoined, release));
      });
    });
    locked.catch(reject);
  });
}

export class OwnTransaction extends PgliteConnection {
  readonly #instance: Instance;
  readonly #own: Lane;
  readonly #release: () => void;

  constructor(
    instance: Instance,
    lane: Lane,
    /** The program has begun it by a statement, and only the program ends it. */
    readonly isJoined: boolean,
    release: () => void,
  ) {
    super(lane);
    this.#instance = instance;
    this.#own = lane;
    this.#release = release;
  }

  async finish(statement: Statement): Promise<Answer> {
    if (this.isJoined) {
      this.#end();
      return answerOf(statement.text === 'rollback' ? 'ROLLBACK' : 'COMMIT');
    }
    this.hasFinished = true;
    try {
      return await this.send(statement);
    } finally {
      // `commit and chain` begins the next transaction. A COMMIT that is refused ends it.
      if (this.#own.status === 'I') {
        this.#end();
        await this.#instance.syncToFs();
      }
    }
  }

  client(): never {
    throw new Error('no statement of a caller runs in it');
  }

  #end(): void {
    this.isOpen = false;
    this.#release();
  }
}
