import { now } from './clock.ts';
import type { Recorder } from './recorder.ts';
import type { SentStatement } from './sent-statement.ts';

/** A round trip that is under way. */
export class Trip {
  sent = 0;
  received = 0;
  readonly #from = now();
  readonly #statements: number[] = [];

  #isStart: boolean;

  /** @param isStart it belongs to the start of the connection */
  constructor(isStart: boolean) {
    this.#isStart = isStart;
  }

  carry({ id, isStart }: SentStatement): void {
    this.#isStart ||= isStart;
    if (this.#statements.at(-1) !== id) this.#statements.push(id);
  }

  /** @param last the statement to which a Close or a Sync of its own belongs */
  record(recorder: Recorder, connection: number, last: SentStatement | undefined): void {
    const { sent, received } = this;
    if (this.#statements.length === 0 && last) this.carry(last);
    const [from, to, statements] = [this.#from, now(), this.#statements];
    recorder.record({
      kind: 'trip',
      connection,
      from,
      to,
      sent,
      received,
      statements,
      isStart: this.#isStart,
    });
  }
}
