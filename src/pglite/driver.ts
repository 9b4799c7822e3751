/** This folder is the only reader of PGlite. It has no internals that are needed, and all that is used is declared. */
import type { Connection, Driver } from '../driver/driver.ts';
import { type Ending, endingOf } from '../driver/ending.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { Instance } from './client.ts';
import { pgliteErrors } from './errors.ts';
import { framing } from './framing.ts';
import { Lane } from './lane.ts';
import { beginOwnTransaction } from './own-transaction.ts';
import { parserOf } from './parsers.ts';
import { pgliteResults } from './results.ts';
import { beginUsersTransaction } from './users-transaction.ts';
import { pgliteValues } from './values.ts';

export class PgliteDriver implements Driver {
  readonly describes = false;
  readonly writesInImmediate = false;
  readonly isDirect = true;
  /** It is one connection, but the lock of its transactions can be taken: see `beginOwnTransaction`. */
  readonly isShared = false;
  readonly results = pgliteResults;
  readonly errors = pgliteErrors;
  readonly framing = framing;
  readonly values: ValueEncoder;
  readonly ending: Ending;
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.values = pgliteValues(() => instance.serializers);
    this.ending = endingOf(instance, 'close');
  }

  parser(typeOid: number): (text: string) => unknown {
    const parse = parserOf(this.#instance.parsers, typeOid);
    return parse ? (text) => parse(text, typeOid) : (text) => text;
  }

  async run(statement: Statement): Promise<Answer> {
    await this.#instance._checkReady();
    return this.#instance._runExclusiveTransaction(() => new Lane(this.#instance, true).send(statement));
  }

  /** @param text given for a transaction of the program, whose statements drizzle sends */
  begin(text?: string): Promise<Connection> {
    return text === undefined ? beginOwnTransaction(this.#instance) : beginUsersTransaction(this.#instance);
  }

  forgetTypes(): void {}
}
