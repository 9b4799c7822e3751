/** A transaction that the library opens for a batch of the database, when the first statement needs one. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import type { FlushTarget } from '../flush/target.ts';
import { rollback } from '../send/transaction-commands.ts';
import type { Tell } from '../take/promised.ts';

/** A transaction can't be begun in one that the program has begun itself, nor a batch be undone in it. Nothing was sent. */
export class JoinedTransaction extends Error {
  constructor() {
    super('a transaction of the program is open on the connection');
  }
}

export class OwnTransaction implements FlushTarget {
  readonly scope = 'own';
  readonly facts = new FactsScope();
  connection: Connection | undefined;

  constructor(
    readonly context: FlushContext,
    readonly lockTimeout: string | undefined,
    private readonly answers: { readonly tell?: Tell | undefined } = {},
    private readonly isBatch = false,
  ) {}

  get tell(): Tell | undefined {
    return this.answers.tell;
  }

  readonly restart = async (): Promise<void> => {
    await this.close();
    this.connection = undefined;
  };

  /** @throws {JoinedTransaction} */
  async connect(): Promise<Connection> {
    const isJoined = !this.connection && this.context.driver.isJoined?.();
    if (isJoined && (await isJoined)) throw new JoinedTransaction();
    this.connection ??= await this.context.driver.begin();
    if (this.isBatch && this.connection.isJoined) throw new JoinedTransaction();
    return this.connection;
  }

  readonly run: FlushTarget['run'] = (statement) =>
    this.connection ? this.connection.send(statement) : this.context.driver.run(statement);

  /** Rolls back if no COMMIT has ended the transaction. */
  async close(): Promise<void> {
    if (this.connection) await rollback(this.connection);
  }
}
