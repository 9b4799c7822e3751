/** What the server refuses that PostgreSQL has. Other engines speak its protocol, and roles may lack privileges. */
import type { DriverErrors } from '../driver/errors.ts';
import { isAnswer, isLost } from '../driver/errors.ts';
import type { TableShape } from '../drizzle/table.ts';
import { codeOf } from '../errors.ts';
import type { Selectable } from './facts-scope.ts';
import { Question } from './question.ts';

/** Learned once for each client; everything that is not refused is taken for granted, unless another engine is known. */
export class Engine {
  #refusesCatalog = false;
  #refusesSettings = false;
  #selectable = new WeakMap<TableShape, Selectable>();
  /** `LOCK TABLE`: the facts are compared in each INSERT from then on. */
  refusesLocks = false;

  /**
   * Whether the server, or a pooler in front of it, takes transactions: `undefined` until a BEGIN has been answered. A pooler
   * that refuses them may do so only when it sees that answer, and a COMMIT behind BEGIN would have been executed.
   */
  takesTransactions: boolean | undefined;

  /** The questions that the client asks, each with interruptions of its own: one may take much longer than another. */
  readonly questions = { facts: new Question(), policies: new Question(), ahead: new Question() };

  /** @param parameters what the server reports of itself at the start of a connection; it is filled later */
  constructor(readonly parameters: Readonly<Record<string, string>> = {}) {}

  /**
   * Another engine that has been recognised. It gets drizzle's own statements and is asked nothing: an answer would not show
   * how it writes rows. Its catalog may lack what it seems to have, and its locks and its COPY may do something else.
   */
  get isOther(): boolean {
    const { crdb_version: cockroach, server_version: version = '' } = this.parameters;
    // YugabyteDB names itself behind PostgreSQL's version. Redshift has stayed with the version of its origin.
    return cockroach !== undefined || version.includes('-YB-') || version === '8.0.2';
  }

  /** A question to the catalog: nothing is shared from then on. */
  get refusesCatalog(): boolean {
    return this.#refusesCatalog || this.isOther;
  }

  /** `set_config` or `current_setting`: nothing is guarded or kept by the server from then on. */
  get refusesSettings(): boolean {
    return this.#refusesSettings || this.isOther;
  }

  /** What is known of the rows that the client's role may select. */
  get selectable(): WeakMap<TableShape, Selectable> {
    return this.#selectable;
  }

  /** A statement of the client's may have changed the role, its privileges or its policies. */
  forgetSelectable(): void {
    this.#selectable = new WeakMap();
  }

  /**
   * A batch was not begun.
   *
   * @returns whether no transaction of the client has ever begun, so that its inserts may fare better without
   */
  noteUnbegun(error: Error, errors: DriverErrors): boolean {
    if (this.takesTransactions === true || !isEnd(error, errors)) return false;
    this.takesTransactions = false;
    return true;
  }

  /** An insert by itself has failed: if the server is gone, BEGIN has failed because of that. */
  noteAlone(error: Error, errors: DriverErrors): void {
    const isGone = isEnd(error, errors) || errors.kindOf(error) === 'unopened';
    if (this.takesTransactions === false && isGone) this.takesTransactions = undefined;
  }

  /** @returns whether the question is one that the server refuses, or was interrupted: it has no answer this time */
  noteUnanswered(question: Question, error: Error, errors: DriverErrors): boolean {
    return this.noteRefusal(error, errors) || question.noteInterruption(error, errors);
  }

  /** @returns whether the error means that the server does not have, or does not allow, what the question needs */
  noteRefusal(error: Error, errors: DriverErrors): boolean {
    const isRefused = isAnswer(errors, error) && /^(42|0A)/.test(codeOf(error) ?? '');
    this.#refusesCatalog ||= isRefused;
    return isRefused;
  }

  /**
   * A statement ahead of the rows was refused.
   *
   * @returns whether that may be for a reason that the facts did not know: the table, a privilege, or the LOCK itself
   */
  noteAhead(error: Error): boolean {
    const code = codeOf(error) ?? '';
    this.refusesLocks ||= /^(0A000|42601)$/.test(code);
    return /^(0A000|42601|42501|42809|42P01|3F000)$/.test(code);
  }

  /** Notes that a statement was refused because of the settings that the library adds to it. */
  noteSettings(error: Error): void {
    this.#refusesSettings ||= /set_config|current_setting/.test(error.message);
  }
}

/** Whether the connection has ended, or the error says why it will. */
function isEnd(error: Error, errors: DriverErrors): boolean {
  return isLost(errors, error) || /^(08|57P)/.test(codeOf(error) ?? '');
}
