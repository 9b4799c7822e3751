/** What a flight is given, and how it ends. */
import type { Client } from './internals.ts';
import type { Messages } from './messages.ts';
import type { Piece } from './piece.ts';

export interface FlightInput {
  readonly client: Client;
  readonly pieces: readonly Piece[];
  /** Those of each piece. */
  readonly messages: readonly Messages[];
  /**
   * Each piece gets a Sync of its own, so that it is a transaction of its own outside of one, and so that a refused one takes
   * none with it. With one Sync the server skips whatever follows a refused piece.
   */
  readonly syncsEach: boolean;
  readonly landed: (landing: Landing) => void;
}

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
