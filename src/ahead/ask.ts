/** The statements that ask for all that must be known to answer an insert before it is written. Pure. */
import { type Answer, command, type Statement } from '../driver/statement.ts';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import { catalogSql } from '../facts/catalog-sql.ts';
import { factsQuery, readFacts } from '../facts/facts-query.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import { areUnchanged } from '../write/key-query.ts';
import type { SessionSettings } from './certain-types.ts';

/** Keys to be drawn for a column. */
export interface BlockRequest {
  readonly shape: TableShape;
  /** The column, by index. */
  readonly column: number;
  readonly size: number;
}

/** Each column once, as in the first of the requests for it. */
export function distinct(requests: readonly BlockRequest[]): BlockRequest[] {
  return requests.filter(
    ({ shape, column }, index) =>
      requests.findIndex((other) => other.shape === shape && other.column === column) === index,
  );
}

export interface Question {
  /** How old the knowledge is that it rests on. */
  readonly age: number;
  /** Tables of which nothing is known. */
  readonly unknown: readonly TableShape[];
  /** Tables with facts that must be compared. */
  readonly doubted: readonly (readonly [shape: TableShape, facts: TableFacts])[];
  /** Tables whose facts hold, since the transaction has locked them. */
  readonly held: readonly (readonly [shape: TableShape, facts: TableFacts])[];
  readonly blocks: readonly BlockRequest[];
}

export interface Asked {
  readonly age: number;
  readonly statements: readonly Statement[];
  /** Reads the answers to all of the statements. */
  read(answers: readonly Answer[]): Reply;
}

export interface DrawnBlock extends BlockRequest {
  /** OID of the sequence, as text; `undefined` for keys that are no numbers. */
  readonly sequence: string | undefined;
  /** As text, in the order in which they were drawn. */
  readonly keys: readonly string[];
}

export interface Reply {
  /** The facts that hold; `undefined` for a table that is not there, or whose facts have changed. */
  readonly facts: ReadonlyMap<TableShape, TableFacts | undefined>;
  readonly settings: SessionSettings;
  readonly blocks: readonly DrawnBlock[];
}

/** The savepoint around a question. A question that the server refuses must not fail the transaction. */
const mark = 'batched_drizzle_ahead';

export const undoQuestion = command(`rollback to savepoint ${mark}`);

/** A sequence with so few keys left is not drawn from ahead. */
const mostGaps = 100_000;

/** The settings in the order of `SessionSettings`. */
const settings = ['TimeZone', 'DateStyle', 'extra_float_digits', 'bytea_output', 'server_encoding'];

/**
 * Asks about tables, and draws keys of them, once a row of each has been written: the transaction holds its lock then, so that
 * what is true stays true.
 */
export function ask({ age, unknown, doubted, held, blocks }: Question): Asked {
  const params: string[] = [];
  const param = (value: string): string => `$${params.push(value)}`;
  const comparisons = doubted.map(([shape, facts], index) => ({
    shape,
    name: `s${index}`,
    sql: areUnchanged([[shape.name, facts]], param),
  }));
  const known = new Map([...doubted, ...held]);
  const drawn = blocks.map((block) => {
    const taken = takeBlock(block, known.get(block.shape), param);
    const comparison = comparisons.find(({ shape }) => shape === block.shape);
    return comparison ? `case when c.${comparison.name} then ${taken} end` : taken;
  });
  const columns = [
    ...settings.map((name) => `pg_catalog.current_setting('${name}')`),
    ...comparisons.map(({ name }) => `c.${name}::pg_catalog.text`),
    ...drawn,
  ];
  // OFFSET keeps the server from comparing anew wherever the result is used.
  const compared = comparisons.map(({ name, sql }) => `${sql} as ${name}`).join(', ');
  const source = comparisons.length === 0 ? '' : ` from (select ${compared} offset 0) c`;
  const query: Statement = {
    text: `select ${columns.join(', ')}${source}`,
    params,
    answer: 'raw',
    guarded: true,
  };
  const facts = unknown.length === 0 ? [] : [factsQuery(unknown)];
  const read = (answers: readonly Answer[]): Reply => {
    const answer = answers[answers.length - 2] as Answer;
    const cells = (answer[0] ?? []).map((cell) => (cell === null ? null : String(cell)));
    const [timeZone, dateStyle, floatDigits, byteaOutput, encoding] = cells as string[];
    const same = cells.slice(settings.length);
    const keys = same.slice(comparisons.length);
    const learned = unknown.length === 0 ? [] : readFacts(answers[1]?.[0]?.[0], unknown.length);
    return {
      facts: new Map([
        ...unknown.map((shape, index) => [shape, learned[index]] as const),
        ...doubted.map(
          ([shape, facts], index) => [shape, same[index] === 'true' ? facts : undefined] as const,
        ),
      ]),
      settings: { timeZone, dateStyle, floatDigits, byteaOutput, encoding } as SessionSettings,
      blocks: blocks.map((block, index) => readBlock(block, keys[index] ?? '')),
    };
  };
  const statements = [command(`savepoint ${mark}`), ...facts, query, command(`release savepoint ${mark}`)];
  return { age, statements, read };
}

/**
 * `sequence:1,2,3`. A sequence that may come to its end gives none: each key that is left in a block would be missed. So does
 * one that nobody has drawn from, since its next key is not in the catalog.
 */
function takeBlock(
  { shape, column, size }: BlockRequest,
  facts: TableFacts | undefined,
  param: (value: string) => string,
): string {
  const { name } = columnAt(shape, column);
  const known = facts?.columns.get(name);
  const most = `${param(String(size))}::int4`;
  if (known?.keys && !known.sequence)
    return catalogSql(
      `':' || pg_catalog.array_to_string(array(select pg_catalog.${known.keys} from pg_catalog.generate_series(1, ${most})), ',')`,
    );
  const sequence = known
    ? `${param(known.sequence ?? '0')}::oid`
    : `pg_catalog.pg_get_serial_sequence(${param(shape.name)}, ${param(name)})::regclass::oid`;
  const left = `pg_catalog.div(case when q.seqincrement > 0 then q.seqmax::numeric - l.last::numeric
    else l.last::numeric - q.seqmin::numeric end, pg_catalog.abs(q.seqincrement::numeric))`;
  return catalogSql(`(select q.seqrelid::text || ':' || pg_catalog.array_to_string(array(
    select pg_catalog.nextval(q.seqrelid::regclass)
    from pg_catalog.generate_series(1, case when ${left} > ${mostGaps} then ${most} else 0 end)), ',')
    from pg_catalog.pg_sequence q cross join lateral (
      select case when pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE') then pg_catalog.pg_sequence_last_value(q.seqrelid)
      end as last offset 0) l
    where q.seqrelid = ${sequence} and not q.seqcycle and l.last is not null)`);
}

function readBlock(block: BlockRequest, text: string): DrawnBlock {
  const end = text.indexOf(':');
  const listed = text.slice(end + 1);
  return {
    ...block,
    sequence: end > 0 ? text.slice(0, end) : undefined,
    keys: listed === '' ? [] : listed.split(','),
  };
}
