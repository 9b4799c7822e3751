import type { Piece } from './piece.ts';

/** How a flight ended. */
export interface Landing {
  /** Pieces that the server has skipped, since one before them was refused. */
  readonly skipped: readonly Piece[];
  /** Why BEGIN was refused. */
  readonly refusal?: Error | undefined;
  /** Why the connection can't be used any more. */
  readonly loss?: Error | undefined;
  /** The only statement was refused. */
  readonly isRefused?: boolean;
}
