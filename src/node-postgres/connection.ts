/** A client held for one transaction. */
import { explainConsequence } from '../driver/consequence.ts';
import { withoutLine } from '../driver/copy-line.ts';
import type { Connection, StatementListener } from '../driver/driver.ts';
import { type Answer, CopyStatement, command, type Statement } from '../driver/statement.ts';
import { cancel } from './cancel.ts';
import type { Turn } from './client-line.ts';
import { copyWith } from './copy.ts';
import { type Ends, endAnswer } from './ends.ts';
import { ended, isAnswered, isEndOfSession, nodePostgresErrors } from './errors.ts';
import type { Lease } from './lease.ts';
import { type Dialect, type MakeOptions, makeQuery } from './make-query.ts';
import type { CopyData } from './piece.ts';
import { transactionClient } from './transaction-client.ts';

export interface ConnectionOptions {
  readonly dialect: Dialect;
  readonly ends: Ends;
  readonly log: ((text: string) => void) | undefined;
  /** Its place among the transactions of a client that is shared. */
  readonly turn: Turn | undefined;
  /** The program has begun the transaction itself, on a client of the pool. */
  readonly isJoined: boolean;
}

/**
 * BEGIN is held back until the first statement, and everything that is sent in a turn leaves with one Sync. A BEGIN that is
 * refused takes with it what follows: the server skips it.
 */
export class NodePostgresConnection implements Connection {
  readonly errors = nodePostgresErrors;
  readonly mayFollow = true;
  readonly lost: Promise<never>;
  hasBegun = false;
  hasFinished = false;
  readonly #lease: Lease;
  readonly #options: ConnectionOptions;
  #begun: Promise<void> | undefined;
  #isFinishing = false;
  /** Why nothing can be sent any more. */
  #ended: (() => Error) | undefined;
  /** The last error of a statement, which those behind it follow from. */
  #failure: Error | undefined;
  #lose!: (error: Error) => void;

  constructor(lease: Lease, options: ConnectionOptions) {
    this.#lease = lease;
    this.#options = options;
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => {});
    lease.listen((error) => this.#close(error));
  }

  get isJoined(): boolean {
    return this.#options.isJoined;
  }

  get isUnopened(): boolean {
    return !this.#begun && this.isOpen;
  }

  get isOpen(): boolean {
    return !this.#ended;
  }

  get begun(): Promise<void> {
    return this.#open();
  }

  #open(): Promise<void> {
    if (this.#begun) return this.#begun;
    if (this.#ended) return unheard(Promise.reject(this.#ended()));
    const begun = this.#run(command(this.#options.ends.begin), {
      role: 'begin',
      settled: (error) => {
        this.hasBegun ||= error === null;
        // Of a loss the lease tells, which gives the client back as lost.
        if (error && isAnswered(error) && !isEndOfSession(error)) this.#close(error);
      },
    });
    this.#begun = unheard(begun.then(() => {}));
    return this.#begun;
  }

  async send(statement: Statement): Promise<Answer> {
    if (!(statement instanceof CopyStatement)) return this.#send(statement);
    return this.copy(statement.text, statement.blocks(), statement.isReady).catch((error) => {
      throw withoutLine(error, nodePostgresErrors);
    });
  }

  copy(text: string, blocks: CopyData['blocks'], isReady = true): Promise<Answer> {
    return copyWith((data) => this.#send(command(text), { data }), blocks, isReady);
  }

  async restart(): Promise<void> {
    const { rollback, begin } = this.#options.ends;
    await Promise.all([...rollback, begin].map((text) => this.send(command(text))));
  }

  async cancel(): Promise<void> {
    if (this.isOpen) await cancel(this.#lease.client);
  }

  async finish(statement: Statement): Promise<Answer> {
    const { text } = statement;
    if (text !== 'rollback') this.#options.log?.(text);
    // Nothing has been sent of it.
    if (this.isUnopened && text === 'rollback') {
      this.#end(ended);
      return endAnswer('ROLLBACK');
    }
    const written = (): void => {
      this.hasFinished = true;
    };
    if (text.endsWith('chain'))
      return this.#send(statement, { written, isFenced: this.#options.ends.isFenced });
    this.#isFinishing = true;
    return this.#finish(text === 'commit', written);
  }

  #finish(isCommit: boolean, written: () => void): Promise<Answer> {
    const { ends } = this.#options;
    const texts = isCommit ? [ends.commit] : [...ends.rollback];
    const last = command(texts.pop() as string);
    for (const text of texts) this.#send(command(text)).catch(() => {});
    const settled = (error: Error | null): void => {
      if (ends.isOver(this.#lease.outbox.status, error)) this.#end(ended);
    };
    const answer = this.#send(last, { role: 'end', written, settled, isFenced: this.#options.ends.isFenced });
    return ends.asEnd?.(answer, isCommit) ?? answer;
  }

  isFailed(): boolean | undefined {
    return this.#lease.outbox.isFailed;
  }

  hold(): () => void {
    return this.#lease.outbox.hold();
  }

  run<T>(work: () => T): T {
    const { turn } = this.#options;
    return turn ? turn.run(work) : work();
  }

  client(listener: StatementListener): unknown {
    return transactionClient(
      {
        client: this.#lease.client,
        Query: this.#options.dialect.Query,
        owner: this,
        ended: () => this.#ended?.() ?? (this.#isFinishing ? ended() : undefined),
        push: (piece) => {
          this.#open();
          this.#lease.outbox.push(piece);
        },
      },
      listener,
    );
  }

  #send(statement: Statement, options?: MakeOptions): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended());
    this.#open();
    return this.#run(statement, options);
  }

  #run(statement: Statement, options?: MakeOptions): Promise<Answer> {
    const { piece, answer } = makeQuery(this.#options.dialect, statement, options, this);
    if (piece) this.#lease.outbox.push(piece);
    return answer;
  }

  refused(error: Error): void {
    this.#failure = explainConsequence(nodePostgresErrors, error, this.#failure);
  }

  #close(error: Error): void {
    this.#lose(error);
    this.#end(() => error);
  }

  #end(reason: () => Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#lease.release();
    this.#options.turn?.end();
  }
}

/** The answer to BEGIN, which nobody need wait for. */
function unheard(begun: Promise<void>): Promise<void> {
  begun.catch(() => {});
  return begun;
}
