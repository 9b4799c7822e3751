/** Which statement's answer came in this turn of the event loop. What is issued in the turn has waited for it. */
import { atEndOfTurn } from './clock.ts';

let answered: number | undefined;

export const answeredInThisTurn = (): number | undefined => answered;

export function noteAnswer(statement: number): void {
  if (answered === undefined)
    atEndOfTurn(() => {
      answered = undefined;
    });
  answered = statement;
}
