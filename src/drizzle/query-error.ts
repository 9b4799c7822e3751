import { DrizzleQueryError } from './exports.ts';
import { giveKind } from './kind.ts';

/** Stable codes of what drizzle reports by a `DrizzleQueryError`. */
export type BatchCode = 'FLUSH_FAILED' | 'INSERT_FAILED' | 'OUTCOME_UNKNOWN' | 'TRANSACTION_NOT_COMMITTED';

/**
 * drizzle's `DrizzleQueryError`, as programs look at it: by `instanceof`, `constructor.name`, the beginning of the message,
 * and `error.code ?? error.cause.code`. So it has no `code` of its own, and what it has besides is not enumerable.
 */
export abstract class QueryError extends DrizzleQueryError {
  /** What has failed. It is not called `code`, which programs take for the driver's. */
  declare readonly batchCode: BatchCode;

  static {
    giveKind(QueryError, 'BatchedQueryError');
  }

  /** @param details further properties */
  protected constructor(
    message: string,
    cause: Error,
    details: { batchCode: BatchCode; [key: string]: unknown },
  ) {
    super('', [], cause);
    this.message = `Failed query: ${message}`;
    for (const [key, value] of Object.entries(details)) Object.defineProperty(this, key, { value });
  }

  /**
   * Programs compare `constructor.name`, in logs above all.
   *
   * @param kind its own, by which drizzle tells its instances from others
   */
  protected static rename(subclass: object, kind: string): void {
    giveKind(subclass, kind);
    Object.defineProperty(subclass, 'name', { value: DrizzleQueryError.name });
  }

  /** The statement is built when it is read: that of a large insert is costly. Programs may overwrite it, to hide values. */
  protected describeBy(
    describe: () => { readonly sql: string; readonly errorParams: unknown[] | undefined },
  ): void {
    const describeAs = (key: string, get: () => unknown): void => {
      const set = (value: unknown): void => void Object.defineProperty(this, key, { value, writable: true });
      Object.defineProperty(this, key, { get, set, enumerable: false, configurable: true });
    };
    describeAs('query', () => describe().sql);
    describeAs('params', () => describe().errorParams);
  }
}
