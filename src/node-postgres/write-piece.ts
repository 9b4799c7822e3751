/** The messages of a piece on its way to the server. */
import { isFence } from './fences.ts';
import type { FlightInput } from './flight-input.ts';
import type { Connection } from './internals.ts';
import type { Messages } from './messages.ts';
import type { Piece } from './piece.ts';

/**
 * Writes Parse, Bind, Describe and Execute, and a Sync ahead of them if the piece is fenced. What begins or ends a transaction has
 * no rows, and nothing to describe. A COMMIT or ROLLBACK that leaves by itself is one message of the simple protocol, as pg
 * itself sends it.
 *
 * @returns whether a Sync is part of it
 */
export function writePiece(connection: Connection, input: FlightInput, index: number): boolean {
  const { role } = input.pieces[index] as Piece;
  const { parse, bind } = input.messages[index] as Messages;
  if (role === 'end' && input.pieces.length === 1) {
    connection.query(parse.text);
    return true;
  }
  if (isFence(input, index)) connection.sync();
  if (!isRepeated(input, index)) connection.parse(parse);
  connection.bind(bind);
  if (role === 'statement') connection.describe({ type: 'P', name: '' });
  connection.execute({ portal: '', rows: 0 });
  return false;
}

/**
 * Whether the server has just parsed this text, for the piece before, and still has it. If it has refused that one, it skips this
 * one as well, unless a Sync is between them.
 */
function isRepeated(input: FlightInput, index: number): boolean {
  const { pieces, messages, syncsEach } = input;
  if (syncsEach || !pieces[index]?.mayRepeat || isFence(input, index)) return false;
  return messages[index - 1]?.parse.text === messages[index]?.parse.text;
}
