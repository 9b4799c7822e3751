/** A transaction that the library opens for a batch of the database, when the first statement needs one. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import type { FlushTarget } from '../flush/target.ts';
import { rollback } from '../send/transaction-commands.ts';

export class OwnTransaction implements FlushTarget {
  readonly scope = 'own';
  readonly facts = new FactsScope();
  connection: Connection | undefined;

  constructor(
    readonly context: FlushContext,
    readonly lockTimeout: string | undefined,
  ) {}

  readonly restart = async (): Promise<void> => {
    await this.close();
    this.connection = undefined;
  };

  async connect(): Promise<Connection> {
    this.connection ??= await this.context.driver.begin();
    return this.connection;
  }

  readonly run: FlushTarget['run'] = (statement) =>
    this.connection ? this.connection.send(statement) : this.context.driver.run(statement);

  /** Rolls back if no COMMIT has ended the transaction. */
  async close(): Promise<void> {
    if (this.connection) await rollback(this.connection);
  }
}
