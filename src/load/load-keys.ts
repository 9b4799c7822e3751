/** The ids of the rows: taken from the server ahead of their chunk, told when the chunk is committed. */

import type { FlushContext } from '../context.ts';
import type { Connection } from '../driver/driver.ts';
import type { Statement } from '../driver/statement.ts';
import { getTableConfig } from '../drizzle/exports.ts';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { logAll } from '../send/send-logged.ts';
import type { TextCell } from '../write/copy-text.ts';
import type { Run } from './chunk.ts';

/**
 * The index of the table's primary key in its shape.
 *
 * @throws {BatchedDrizzleError} `BAD_OPTION` where it has none, or one of several columns
 */
export function keyColumn(shape: TableShape): number {
  const { columns, primaryKeys } = getTableConfig(shape.table);
  const keys = [...columns.filter(({ primary }) => primary), ...primaryKeys.flatMap((key) => key.columns)];
  const index = shape.columns.findIndex(({ column }) => column === keys[0]);
  if (keys.length !== 1 || index === -1) {
    const has = keys.length === 0 ? 'no primary key' : 'a primary key of several columns';
    throw new BatchedDrizzleError(
      'BAD_OPTION',
      `load: keys(): ${shape.name} has ${has}; allowed: a table with a primary key of one column`,
    );
  }
  return index;
}

/**
 * Takes keys from where the server would take them.
 *
 * @throws {BatchedDrizzleError} `BAD_OPTION` where they can't be had ahead
 */
export class KeySupply {
  /** What the server evaluates for each key. */
  #expression: string | undefined;

  constructor(
    readonly context: FlushContext,
    readonly shape: TableShape,
    readonly column: number,
    /** The server tells each row's id when it is written, since a conflict clause may leave it out or find another. */
    readonly isReturned: boolean,
    readonly facts: TableFacts | undefined,
  ) {
    if (!isReturned && facts && !facts.plain)
      throw unknownKeys(shape, 'which a trigger, a rule or a view may change');
  }

  /** Gives each row of the run that has none a key of its own. */
  async fill(connection: Connection, run: Run): Promise<void> {
    if (this.isReturned) return;
    const position = run.columns.indexOf(this.column);
    const width = run.columns.length;
    const missing: number[] = [];
    for (let cell = position; cell < run.cells.length; cell += width) {
      if (run.cells[cell] === undefined) missing.push(cell);
    }
    if (missing.length > 0) {
      const keys = await this.#take(connection, missing.length);
      for (const [index, cell] of missing.entries()) run.cells[cell] = keys[index];
    }
    run.hasDefaults = run.cells.includes(undefined);
  }

  /** The keys of rows that have been written. */
  of({ columns, cells }: Run, from: number, to: number): TextCell[] {
    const position = columns.indexOf(this.column);
    return Array.from({ length: to - from }, (_, row) => cells[(from + row) * columns.length + position]);
  }

  async #take(connection: Connection, count: number): Promise<string[]> {
    if (!this.facts?.columns.get(columnAt(this.shape, this.column).name)?.keys) {
      throw unknownKeys(
        this.shape,
        'which the server makes neither from a sequence that this role may use nor at random',
      );
    }
    this.#expression ??= await this.#findExpression(connection);
    const text = `select (${this.#expression})::text from generate_series(1, $1::int)`;
    const answer = await this.#send(connection, {
      text,
      params: [String(count)],
      answer: 'raw',
      guarded: false,
    });
    const keys = [...answer].map(([key]) => String(key));
    if (keys.length !== count) {
      const message = `${count} keys of ${this.shape.name} asked for, ${keys.length} came`;
      throw new BatchedDrizzleError('MISMATCHED_ANSWER', message);
    }
    return keys;
  }

  /** The column's own default, as the server writes it. */
  async #findExpression(connection: Connection): Promise<string> {
    const text = `
select case when a.attidentity <> ''
  then format('nextval(%L::regclass)', pg_catalog.pg_get_serial_sequence($1, a.attname))
  else pg_catalog.pg_get_expr(d.adbin, d.adrelid) end
from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = to_regclass($1) and a.attname = $2`;
    const params = [this.shape.name, columnAt(this.shape, this.column).name];
    const answer = await this.#send(connection, { text, params, answer: 'raw', guarded: false });
    return String(answer[0]?.[0]);
  }

  #send(connection: Connection, statement: Statement) {
    logAll(this.context, [statement]);
    return connection.send(statement);
  }
}

function unknownKeys(shape: TableShape, why: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'BAD_OPTION',
    `load: keys(): the ids of ${shape.name} are not known, ${why}; use insert() with returning()`,
  );
}

/** How a key's text becomes what drizzle would return. */
export function keyReader(
  { driver }: FlushContext,
  shape: TableShape,
  column: number,
  facts: TableFacts | undefined,
): (text: TextCell) => unknown {
  const { column: key, name } = columnAt(shape, column);
  const parse = driver.parser(facts?.columns.get(name)?.base ?? 0);
  return (text) => key.mapFromDriverValue(parse && typeof text === 'string' ? parse(text) : text);
}
