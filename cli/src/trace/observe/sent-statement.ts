/** A statement between its first message and its answer. */
import { now } from './clock.ts';
import type { Recorder } from './recorder.ts';

/** Where a query was constructed, and when it was issued. */
export interface Origin {
  readonly place: number | undefined;
  readonly driver: 'postgres' | 'pg';
  readonly issued: number;
  readonly after: number | undefined;
  /** Returns the text, or `undefined` if the query writes its messages itself, maybe for several statements. */
  text(): string | undefined;
}

let count = 0;

export class SentStatement {
  readonly id = ++count;
  what = '';
  ends: 'ends' | 'chains' | undefined;
  origin: Origin | undefined;
  transaction = 0;
  /** The driver's own, as a connection starts. */
  isStart = false;
  /** It has been recorded. */
  isAnswered = false;
  readonly #sent = now();

  record(recorder: Recorder): void {
    this.isAnswered = true;
    const { id, what, transaction, origin } = this;
    const { place, driver, after } = origin ?? {};
    const issued = origin?.issued ?? this.#sent;
    const answered = now();
    recorder.record({ kind: 'statement', id, what, transaction, place, driver, issued, answered, after });
  }
}
