/** The question whether tables have policies. It travels with the first flight that asks columns of them back. */
import type { FlushContext } from '../context.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import type { FactsScope, Selectable } from '../facts/facts-scope.ts';
import { policiesQuery, selectableTables } from '../facts/policies-query.ts';
import { learnSelectable, selectable } from '../facts/selectable.ts';

export class PoliciesQuestion {
  readonly #context: FlushContext;
  readonly #facts: FactsScope;
  readonly #asked: ReadonlySet<TableShape>;
  /** Tables of which the role may be unable to select each row that is written. */
  readonly #uncertain: readonly TableShape[];
  readonly #isAsked: boolean;

  /**
   * @param asked the tables of which a flight asks columns back that no caller asked for
   * @param mayRestart if the server refuses the flight, the transaction is begun anew. Then nothing is asked
   */
  constructor(context: FlushContext, facts: FactsScope, asked: ReadonlySet<TableShape>, mayRestart: boolean) {
    const { engine } = context;
    const knownOf = (shape: TableShape) => selectable(facts, engine, shape);
    this.#context = context;
    this.#facts = facts;
    this.#asked = asked;
    this.#uncertain = [...asked].filter((shape) => knownOf(shape) !== 'every');
    this.#isAsked =
      this.#uncertain.some((shape) => knownOf(shape) !== 'notEvery') &&
      !mayRestart &&
      !engine.refusesCatalog &&
      !engine.questions.policies.isLeftOut();
  }

  /** The server may refuse the flight for what it asks back. */
  get isUncertain(): boolean {
    return this.#uncertain.length > 0;
  }

  /** To be sent right ahead of the flight's own statements. @param mark what the first of them depends on */
  statements(mark: Statement | undefined): Statement[] {
    return this.#isAsked ? [{ ...policiesQuery(this.#uncertain), mark }] : [];
  }

  /**
   * Learns from what the server has answered.
   *
   * @param ahead the answers ahead of the flight's own
   * @param isWritten the server has written the flight, and so lets the role select such rows
   * @returns whether it has refused the question itself, or not answered it in time; it is then not asked again for now
   */
  hear(ahead: readonly PromiseSettledResult<Answer>[], isWritten: boolean): boolean {
    const { driver, engine } = this.#context;
    const answer = this.#isAsked ? ahead.at(-1) : undefined;
    const learn = (shape: TableShape, rows: Selectable) => learnSelectable(this.#facts, engine, shape, rows);
    if (isWritten) for (const shape of this.#asked) learn(shape, 'some');
    if (answer?.status === 'fulfilled') {
      engine.questions.policies.noteAnswer();
      const every = new Set(selectableTables(this.#uncertain, answer.value));
      for (const shape of this.#uncertain) learn(shape, every.has(shape) ? 'every' : 'notEvery');
    }
    if (answer?.status !== 'rejected') return false;
    return engine.noteUnanswered(engine.questions.policies, asError(answer.reason), driver.errors);
  }
}
