/** What a flush needs that is not small: the facts of its tables, and statements that entries share. */
export { planEntries } from '../plan/plan-entries.ts';
export { unproved } from '../plan/proof.ts';
export { singleRowInsert } from '../write/single-row.ts';
export { chooseByFacts } from './choose-by-facts.ts';
export { notePlanned } from './note-planned.ts';
export { runFlight } from './run-flight.ts';
