/** The ids of the rows: taken from the server before their chunk is written, given to the caller when it is committed. */
import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { columnFacts, type TableFacts } from '../facts/table-facts.ts';
import { sendUncounted } from '../send/send-logged.ts';
import { readKeys } from '../settle/read-keys.ts';
import { type KeyList, keyOf } from '../take/key-run.ts';
import type { TextCell } from '../write/copy-text.ts';
import { keyQuery } from '../write/key-query.ts';
import type { Run, RunPart } from './load-chunk.ts';

/**
 * Takes keys ahead by the key query of a flush.
 *
 * @throws {BatchedDrizzleError} `BAD_OPTION` if the server can't give keys ahead
 */
export class KeySupply {
  constructor(
    readonly context: FlushContext,
    readonly shape: TableShape,
    readonly column: number,
    /** RETURNING gives each row's id, since a conflict clause may skip the row or update another one. */
    readonly isReturned: boolean,
    readonly facts: TableFacts | undefined,
  ) {
    if (!isReturned && facts && !facts.plain)
      throw unknownKeys(shape, 'which a trigger, a rule or a view may change');
  }

  /** Gives a key to each row of the run that has none. */
  async fill(connection: Connection, run: Run): Promise<void> {
    if (this.isReturned) return;
    const position = run.columns.indexOf(this.column);
    const width = run.columns.length;
    const missing: number[] = [];
    for (let cell = position; cell < run.cells.length; cell += width) {
      if (run.cells[cell] === undefined) missing.push(cell);
    }
    if (missing.length > 0) {
      const list = await this.#take(connection, missing.length);
      for (const [index, cell] of missing.entries()) run.cells[cell] = keyOf({ list, position: index + 1 });
    }
    run.hasDefaults = run.cells.includes(undefined);
  }

  /** The keys of rows that have been written. */
  of({ run: { columns, cells }, from, to }: RunPart): TextCell[] {
    const position = columns.indexOf(this.column);
    return Array.from({ length: to - from }, (_, row) => cells[(from + row) * columns.length + position]);
  }

  async #take(connection: Connection, size: number): Promise<KeyList> {
    const { context, shape, column } = this;
    const facts = columnFacts(this.facts, shape, column);
    if (!facts?.keys) {
      throw unknownKeys(
        shape,
        'which the server makes neither from a sequence that this role may use nor at random',
      );
    }
    const list: KeyList = { name: 'k0', shape, column, facts, size };
    // No token, since no INSERT of a load reads the keys from the transaction's settings.
    const query = keyQuery({ lists: [list], facts: [], token: undefined });
    const [answer] = await Promise.all(sendUncounted(context, connection, [query]));
    if (!answer) throw new Error(`the key query of ${shape.name} was not sent`);
    readKeys([list], answer);
    return list;
  }
}

function unknownKeys(shape: TableShape, why: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'BAD_OPTION',
    `load: keys(): the ids of ${shape.name} are not known, ${why}; use insert() with returning()`,
  );
}

/** How a key's text becomes the value that drizzle would return. */
export function keyReader(
  { driver }: FlushContext,
  shape: TableShape,
  column: number,
  facts: TableFacts | undefined,
): (text: TextCell) => unknown {
  const { column: key } = columnAt(shape, column);
  const known = columnFacts(facts, shape, column);
  const parse = known && driver.parser(known.base);
  return (text) => key.mapFromDriverValue(parse && typeof text === 'string' ? parse(text) : text);
}
