/** What the transactions of a PGlite instance have in common, whoever has begun them. */
import type { Connection, StatementListener } from '../driver/driver.ts';
import { type Answer, command, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { makeAnswer } from './answer.ts';
import { ended, Failing, pgliteErrors } from './errors.ts';
import type { Lane } from './lane.ts';

type Blocks = Iterable<Uint8Array>;

/** How statements are sent. */
export type Sending = Pick<Lane, 'send' | 'copy'>;

const neverLost: Promise<never> = new Promise(() => {});

/**
 * A transaction, which is the only one of the instance. Its BEGIN is answered before anybody gets it: that costs no round trip
 * here, and nothing that follows has to be guarded against a BEGIN that fails.
 */
export abstract class PgliteConnection implements Connection {
  readonly errors = pgliteErrors;
  readonly isUnopened = false;
  readonly begun = Promise.resolve();
  readonly hasBegun = true;
  readonly mayFollow = true;
  readonly lost = neverLost;
  abstract readonly isJoined: boolean;
  hasFinished = false;
  isOpen = true;
  protected readonly failing = new Failing();

  constructor(protected readonly lane: Sending) {}

  send(statement: Statement): Promise<Answer> {
    return this.noted(() => this.lane.send(statement));
  }

  copy(text: string, blocks: Blocks): Promise<Answer> {
    return this.noted(() => this.lane.copy(text, blocks));
  }

  /** Nothing can be cancelled: a statement keeps the whole process until it is done. */
  async cancel(): Promise<void> {}

  async restart(): Promise<void> {
    await Promise.all(['rollback', 'begin'].map((text) => this.send(command(text))));
  }

  abstract finish(statement: Statement): Promise<Answer>;

  abstract client(listener: StatementListener): unknown;

  protected async noted(work: () => Promise<Answer>): Promise<Answer> {
    if (!this.isOpen) throw ended();
    try {
      return await work();
    } catch (error) {
      this.failing.note(asError(error));
      throw error;
    }
  }
}

/** The answer to a command that was not sent here. */
export function answerOf(tag: 'COMMIT' | 'ROLLBACK'): Answer {
  return makeAnswer([], tag, []);
}
