/** Inserts of a transaction that are answered when they are queued: `batch.awaits: 'queued'`. */
import { Ahead } from '../ahead/ahead.ts';
import type { Asked } from '../ahead/ask.ts';
import { rowsWithout } from '../ahead/key-block.ts';
import { type KnownAnswer, knownAnswer } from '../ahead/known-answer.ts';
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { FactsScope } from '../facts/facts-scope.ts';
import { logAll } from '../send/send-logged.ts';
import type { Entry } from '../take/entry.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import type { AwaitedQueue } from './awaited-queue.ts';
import type { TransactionLine } from './transaction-line.ts';

/** Answers that need no round trip resolve in promise jobs. So often one waits for the turn, so that other callers get on. */
const answersEachTurn = 256;

/** So many answered rows wait at most, as many as keys are drawn at once. More make no loop faster, and cost memory. */
const mostQueued = 1_024;

/** What it needs of the transaction. */
interface QueuedState {
  readonly connection: Connection;
  readonly line: TransactionLine;
  readonly facts: FactsScope;
}

export class QueuedAwaits {
  readonly #context: FlushContext;
  readonly #state: QueuedState;
  readonly ahead: Ahead;
  #answers = 0;
  /** Entries that wait for keys, with their queues. */
  #waiting: (readonly [entry: Entry, queue: AwaitedQueue])[] = [];
  /** Entries that a flush has taken since keys were asked for. It leaves behind the answer. */
  #passed: Entry[] = [];

  constructor(context: FlushContext, state: QueuedState) {
    this.#context = context;
    this.#state = state;
    this.ahead = new Ahead(context, state.facts);
  }

  /**
   * @param mayDraw whether it may wait for keys
   * @returns whether the entry has its answer, or will have it when keys are drawn. If not, it must be written now
   */
  answer(entry: Entry, queue: AwaitedQueue, mayDraw = true): boolean {
    if (entry.late?.isTold) return true;
    const answer = this.#known(entry);
    if (!answer) return false;
    if (answer.missing) return mayDraw && this.#draw(entry, answer.missing, queue);
    this.#tell(entry, answer.value);
    return true;
  }

  /** Whether so many rows in a queue must be written before more are answered. */
  isFull(rows: number): boolean {
    return rows >= mostQueued;
  }

  /** A flush has taken entries out of a queue, and leaves when its turn comes. */
  takes(entries: readonly Entry[]): void {
    if (this.#waiting.length > 0) this.#passed = [...this.#passed, ...entries];
  }

  /** A parser or a mapping that throws does so once the row is written, as ever. */
  #known(entry: Entry): KnownAnswer | undefined {
    const known = this.ahead.known(entry.shape);
    try {
      return known && knownAnswer(entry, known, this.#context);
    } catch {
      return undefined;
    }
  }

  #tell(entry: Entry, value: unknown): void {
    this.#answers += 1;
    const isPause = this.#answers % answersEachTurn === 0;
    entry.tell(isPause ? new Promise((resolve) => atEndOfTurn(() => resolve(value))) : value);
  }

  /** Draws keys for the entry, and for those of its table that were queued before it. */
  #draw(entry: Entry, columns: readonly number[], queue: AwaitedQueue): boolean {
    if (this.#waiting.length > 0) {
      this.#waiting.push([entry, queue]);
      return true;
    }
    const { shape } = entry;
    const keyless = columns.map((column) =>
      queue.entries.reduce(
        (sum, other) => sum + (other.shape === shape ? rowsWithout(other, column).length : 0),
        0,
      ),
    );
    const asked = this.ahead.more(shape, columns, Math.max(...keyless));
    if (!asked) return false;
    this.#waiting.push([entry, queue]);
    this.#ask(asked).then(() => this.#answerWaiting(shape));
    return true;
  }

  /** Never rejects. */
  #ask(asked: Asked): Promise<void> {
    const { connection, line } = this.#state;
    return (
      line
        .run(async () => {
          logAll(this.#context, asked.statements);
          const answers = asked.statements.map((statement) => connection.send(statement));
          await this.ahead.settle(asked, await Promise.allSettled(answers), (undo) => connection.send(undo));
        })
        // A logger may throw, and then no answer comes.
        .catch(() => this.ahead.stop())
    );
  }

  /** @param drawn the table of which keys were drawn; an entry that has none nevertheless is written */
  #answerWaiting(drawn: TableShape): void {
    const waiting = this.#waiting;
    const passed = this.#passed;
    this.#waiting = [];
    this.#passed = [];
    // They are written before what is queued now, so their keys come first.
    for (const entry of passed) this.ahead.give(entry);
    for (const queue of new Set(waiting.map(([, queue]) => queue)))
      for (const entry of queue.entries) this.ahead.give(entry);
    for (const [entry, queue] of waiting) {
      const isOpen = entry.state === 'queued' && !entry.outcome;
      if (isOpen && !this.answer(entry, queue, entry.shape !== drawn)) queue.write(entry);
    }
  }
}
