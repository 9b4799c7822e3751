/** What an observed process records: a line of JSON for each of these. None has a value of a statement. */

/** A process or a thread that runs the program. */
export interface ProcessLine {
  readonly kind: 'process';
  readonly pid: number;
  readonly cwd: string;
}

/** A function of the program on the stack. */
export interface Frame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

/** A place of the program: the innermost of its functions first. */
export interface PlaceLine {
  readonly kind: 'place';
  readonly id: number;
  readonly frames: readonly Frame[];
}

/** A statement that was answered. */
export interface StatementLine {
  readonly kind: 'statement';
  readonly id: number;
  /** Its verb and its table: `insert into users`. */
  readonly what: string;
  /** Which transaction of the process it belongs to; 0 outside of transactions. */
  readonly transaction: number;
  /** The place in the program, if it is known. */
  readonly place: number | undefined;
  readonly driver: 'postgres' | 'pg' | undefined;
  /** When the program issued it, in milliseconds since the epoch. */
  readonly issued: number;
  readonly answered: number;
  /** The statement whose answer had just come when the program issued this one. */
  readonly after: number | undefined;
}

/** A round trip: from the first message that was sent when nothing was awaited, until nothing is awaited again. */
export interface TripLine {
  readonly kind: 'trip';
  readonly connection: number;
  readonly from: number;
  readonly to: number;
  /** Bytes. */
  readonly sent: number;
  readonly received: number;
  /** The statements that it carried, or a part of. */
  readonly statements: readonly number[];
  /** It belongs to the start of the connection. */
  readonly isStart: boolean;
}

export type Line = ProcessLine | PlaceLine | StatementLine | TripLine;
