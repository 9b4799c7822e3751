/** Which transaction of a connection is open. A flight may begin and end several before the server is ready again. */
import type { SentStatement } from './sent-statement.ts';

let count = 0;

export class Transactions {
  /** Counted from 1 in a process; 0 outside of transactions. */
  current = 0;

  /** @param tag what the server calls the command that it has completed */
  completed(statement: SentStatement, tag: string): void {
    if (this.current === 0 && (tag === 'BEGIN' || tag === 'START TRANSACTION')) this.current = ++count;
    statement.transaction ||= this.current;
    // ROLLBACK is the tag of a rollback to a savepoint, too.
    const ends = tag === 'COMMIT' || (tag === 'ROLLBACK' && statement.ends !== undefined);
    if (ends) this.current = statement.ends === 'chains' ? ++count : 0;
  }

  /** The server has named its state: `I` is outside of transactions. */
  ready(statement: SentStatement | undefined, state: string): void {
    if (state === 'I') this.current = 0;
    else if (this.current === 0) {
      this.current = ++count;
      if (statement) statement.transaction ||= this.current;
    }
  }
}
