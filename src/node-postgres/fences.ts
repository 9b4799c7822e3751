/** Where a flight has a Sync between its pieces. Pure. */
import type { FlightInput } from './flight-input.ts';

type Pieces = Pick<FlightInput, 'pieces' | 'syncsEach'>;

/** Whether a Sync goes before this piece, so that it is executed also if one ahead of it is refused. */
export function isFence({ pieces, syncsEach }: Pieces, index: number): boolean {
  return !syncsEach && index > 0 && pieces[index]?.isFenced === true;
}

/** The first fence from here on. The server skips what is ahead of it, if a piece was refused. */
export function fenceFrom(input: Pieces, index: number): number {
  let at = index;
  while (at < input.pieces.length && !isFence(input, at)) at += 1;
  return at;
}

export function countSyncs(input: Pieces): number {
  const { pieces, syncsEach } = input;
  return syncsEach ? pieces.length : 1 + pieces.filter((_, index) => isFence(input, index)).length;
}
