/** How a transaction begins and ends on its client. */
import type { Answer } from '../driver/statement.ts';
import { codeOf } from '../errors.ts';
import { inFailed } from './errors.ts';
import type { TransactionStatus } from './outbox.ts';

export interface Ends {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: readonly string[];
  /** COMMIT is executed even if a statement that leaves with it is refused. It rolls back then. */
  readonly isFenced?: boolean;
  /** Whether nothing is left of the transaction. @param error why the statement that ends it was refused */
  isOver(status: TransactionStatus | undefined, error: Error | null): boolean;
  /** The answer of the statement that ends it, as that of COMMIT or ROLLBACK. */
  asEnd?(answer: Promise<Answer>, isCommit: boolean): Promise<Answer>;
}

/** @param begin BEGIN as the program wants it; absent for a transaction of the library's own */
export function ownEnds(begin?: string): Ends {
  return {
    begin: begin ?? 'begin',
    commit: 'commit',
    rollback: ['rollback'],
    isFenced: begin === undefined,
    isOver: (status) => status === 'I',
  };
}

let savepoints = 0;

/** A transaction is open already, and it is not ours to commit: a savepoint in it. */
export function endsInside(): Ends {
  savepoints += 1;
  const name = `batched_drizzle_${savepoints}`;
  return {
    begin: `savepoint ${name}`,
    commit: `release savepoint ${name}`,
    rollback: [`rollback to savepoint ${name}`, `release savepoint ${name}`],
    // Whoever has ended the outer transaction has ended the savepoint, too.
    isOver: (_, error) => error === null || codeOf(error) !== inFailed,
    async asEnd(answer, isCommit) {
      try {
        await answer;
        return endAnswer(isCommit ? 'COMMIT' : 'ROLLBACK');
      } catch (error) {
        if (isCommit && codeOf(error) === inFailed) return endAnswer('ROLLBACK');
        throw error;
      }
    },
  };
}

export function endAnswer(command: string): Answer {
  return Object.assign([], { count: null, command });
}
