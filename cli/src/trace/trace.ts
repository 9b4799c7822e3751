/** The trace of a program: what its processes and threads recorded, put together. */
import { relative } from 'node:path';
import type { Frame, Line, TripLine } from './lines.ts';

/** A statement of the program. */
export interface TracedStatement {
  /** Its verb and its table. */
  readonly what: string;
  /** The functions of the program that issued it, the innermost first. Empty if the place is not known. */
  readonly callers: readonly Frame[];
  readonly driver: 'postgres' | 'pg' | undefined;
  /** When it was issued and when it was answered, in milliseconds since the first trip. */
  readonly issued: number;
  readonly answered: number;
  readonly unit: string;
}

/**
 * What a round trip is for: the start of a connection, BEGIN, COMMIT or a savepoint alone, a further turn of a statement
 * (a description, COPY data, a cursor), or statements.
 */
export type TripKind = 'connecting' | 'ends' | 'further' | 'statements';

/** A round trip. */
export interface TracedTrip {
  /** Milliseconds since the first trip. */
  readonly at: number;
  readonly ms: number;
  /** Bytes. */
  readonly sent: number;
  readonly received: number;
  readonly kind: TripKind;
  readonly connection: string;
  /** The transaction, or outside of one the flow: statements that were issued as answers of one another came. */
  readonly unit: string;
  readonly inTransaction: boolean;
  readonly statements: readonly TracedStatement[];
}

export interface Trace {
  /** Processes and threads that have talked to PostgreSQL. */
  readonly processes: number;
  readonly trips: readonly TracedTrip[];
}

/** The lines of one process or thread. */
export type Recorded = readonly Line[];

/** Puts together what the processes and threads of a program recorded. */
export function makeTrace(recorded: readonly Recorded[]): Trace {
  const all = recorded.map((lines, process) => ({ lines, process }));
  const starts = all.flatMap(({ lines }) => lines.filter(isTrip).map(({ from }) => from));
  const origin = starts.reduce((first, from) => Math.min(first, from), Number.POSITIVE_INFINITY);
  const trips = all.flatMap(({ lines, process }) => tripsOf(lines, String(process), origin));
  return {
    processes: all.filter(({ lines }) => lines.some(isTrip)).length,
    trips: trips.toSorted((one, other) => one.at - other.at),
  };
}

const isTrip = (line: Line): line is TripLine => line.kind === 'trip';

function tripsOf(lines: Recorded, process: string, origin: number): TracedTrip[] {
  const statements = statementsOf(lines, process, origin);
  const seen = new Set<number>();
  return lines.filter(isTrip).map((trip) => {
    const carried = trip.statements.flatMap((id) => statements.get(id) ?? []);
    const isFurther = trip.statements.some((id) => seen.has(id));
    for (const id of trip.statements) seen.add(id);
    const connection = `${process}/${trip.connection}`;
    const first = carried.find(({ inTransaction }) => inTransaction) ?? carried[0];
    return {
      at: trip.from - origin,
      ms: trip.to - trip.from,
      sent: trip.sent,
      received: trip.received,
      kind: kindOf(trip, carried, isFurther),
      connection,
      unit: first?.unit ?? connection,
      inTransaction: first?.inTransaction ?? false,
      statements: carried,
    };
  });
}

const isLast = /^(?:commit|rollback)$/;
const isEnd = /^(?:begin|start transaction|commit|rollback|rollback to|savepoint|release)\b/;

/** BEGIN, COMMIT and the like are no statements of the program's own. */
export const endsOrBegins = ({ what }: TracedStatement): boolean => isEnd.test(what);

/** The verbs and tables of statements: first those that have a table, and BEGIN or COMMIT only if there is nothing else. */
export function kindsOf(statements: readonly TracedStatement[]): string[] {
  const own = statements.filter((statement) => !endsOrBegins(statement));
  const kinds = new Set((own.length > 0 ? own : statements).map(({ what }) => what));
  const rank = (what: string) => (what.includes(' ') ? 0 : 1);
  return [...kinds].toSorted((one, other) => rank(one) - rank(other));
}

function kindOf(trip: TripLine, carried: readonly TracedStatement[], isFurther: boolean): TripKind {
  if (trip.isStart) return 'connecting';
  if (carried.length > 0 && carried.every(endsOrBegins)) return 'ends';
  return isFurther && carried.length === 1 ? 'further' : 'statements';
}

type Found = TracedStatement & { readonly inTransaction: boolean };

function statementsOf(lines: Recorded, process: string, origin: number): Map<number, Found> {
  const cwd = lines.find((line) => line.kind === 'process')?.cwd ?? '';
  const places = new Map<number, readonly Frame[]>();
  const statements = new Map<number, Found>();
  const flows = new Map<number, number>();
  const beginnings = new Map<number, readonly Frame[]>();
  for (const line of lines.toSorted(bySent)) {
    if (line.kind === 'place')
      places.set(
        line.id,
        line.frames.map((frame) => shorten(frame, cwd)),
      );
    if (line.kind !== 'statement') continue;
    // What is issued as an answer comes goes on where that one was awaited.
    const flow = (line.after !== undefined && flows.get(line.after)) || line.id;
    flows.set(line.id, flow);
    const inTransaction = line.transaction > 0;
    const callers = (line.place !== undefined && places.get(line.place)) || [];
    const begun = beginnings.get(line.transaction) ?? callers;
    if (inTransaction && begun.length > 0) beginnings.set(line.transaction, begun);
    statements.set(line.id, {
      what: line.what,
      // A transaction ends where it begins. Its end may be sent from a job that no caller is on the stack of.
      callers: inTransaction && isLast.test(line.what) && begun.length > 0 ? begun : callers,
      driver: line.driver,
      issued: line.issued - origin,
      answered: line.answered - origin,
      unit: inTransaction ? `${process}/transaction ${line.transaction}` : `${process}/flow ${flow}`,
      inTransaction,
    });
  }
  return statements;
}

/** Places first, then statements in the order in which they were sent: they are recorded when they are answered. */
function bySent(one: Line, other: Line): number {
  const order = (line: Line) => (line.kind === 'statement' ? line.id : 0);
  return order(one) - order(other);
}

/** A path below the folder in which the program was started is relative to it. */
function shorten(frame: Frame, cwd: string): Frame {
  const path = relative(cwd, frame.file);
  return path.startsWith('..') || cwd === '' ? frame : { ...frame, file: path };
}
