/** What a transaction knows ahead of the rows that it writes: facts that hold, the session's settings, keys. */
import type { FlushContext } from '../context.ts';
import type { Answer } from '../driver/statement.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { TableShape } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import type { FactsScope } from '../facts/facts-scope.ts';
import { columnFacts, type TableFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Entry } from '../take/entry.ts';
import { type Asked, ask, type BlockRequest, type DrawnBlock, distinct, undoQuestion } from './ask.ts';
import type { SessionSettings } from './certain-types.ts';
import { KeyBlock, rowsWithout, takesBlock } from './key-block.ts';
import type { Known } from './known-answer.ts';
import { Unproved } from './unproved.ts';

/**
 * The first row of a table is written when it is awaited, and the question about the table travels behind it. From then on
 * the transaction holds the table's lock, and what the answer says stays true until something is executed that may change it.
 */
export class Ahead {
  readonly #context: FlushContext;
  readonly #scope: FactsScope;
  /** By the OID of a sequence, or by table and column for keys that are no numbers. */
  readonly #blocks = new Map<string, KeyBlock>();
  /** Tables whose facts have been learned or compared since knowledge ended last, with an answer of each. */
  readonly #samples = new Map<TableShape, Answer | undefined>();
  #settings: SessionSettings | undefined;
  /** Rises when knowledge ends. What was asked before is not believed. */
  #age = 0;
  readonly #unproved: Unproved;
  /** The server has refused a question. */
  #isOff = false;

  constructor(context: FlushContext, scope: FactsScope) {
    this.#context = context;
    this.#scope = scope;
    this.#unproved = new Unproved((shape) => this.#factsOf(shape));
  }

  /** What is known of a table; `undefined` if its rows must be written when they are awaited. */
  known(shape: TableShape): Known | undefined {
    if (this.#unproved.hasChanged()) this.forget();
    const facts = this.#scope.held.has(shape) ? this.#scope.cache.get(shape.table) : undefined;
    const sample = this.#samples.get(shape);
    const settings = this.#settings;
    if (!facts || !sample || !settings || this.#isOff || this.#unproved.isAny) return undefined;
    return { facts, settings, sample };
  }

  /** An entry is to be written now. Until its table is proved, it may change what is known. */
  writes(entry: Entry): void {
    this.#unproved.add(entry);
  }

  /** Gives an entry the keys that its rows leave out, if some have been drawn. */
  give(entry: Entry): void {
    const facts = this.#blocks.size === 0 ? undefined : this.#scope.cache.get(entry.shape.table);
    if (!facts) return;
    for (const column of entry.shape.columns.keys()) {
      const block = this.#blocks.get(blockName(entry.shape, column, facts));
      block?.give(entry, column);
    }
  }

  /** Entries are about to be sent. */
  take(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.give(entry);
      if (!entry.late?.isTold) this.writes(entry);
    }
  }

  /** Something may have changed anything, or draw keys, or the transaction has lost its locks. */
  forget(): void {
    this.#age += 1;
    this.#blocks.clear();
    this.#samples.clear();
    this.#settings = undefined;
  }

  /** Nothing is answered any more. */
  stop(): void {
    this.#isOff = true;
  }

  /** The question that travels behind a flight of awaited inserts; `undefined` if there is nothing to ask. */
  behind(entries: readonly Entry[]): Asked | undefined {
    if (this.#isOff || this.#context.engine.refusesCatalog) return undefined;
    const isAsked = ({ shape }: Entry) => !this.#samples.get(shape) && this.#factsOf(shape)?.plain !== false;
    const asking = entries.filter(isAsked);
    const isDue = asking.some(({ awaited }) => awaited);
    if (!isDue || this.#context.engine.questions.ahead.isLeftOut()) return undefined;
    const shapes = [...new Set(asking.map(({ shape }) => shape))];
    const known = shapes.flatMap((shape) => {
      const facts = this.#factsOf(shape);
      return facts ? [[shape, facts] as const] : [];
    });
    return ask({
      age: this.#age,
      unknown: shapes.filter((shape) => !this.#factsOf(shape)),
      doubted: known.filter(([shape]) => !this.#samples.has(shape)),
      held: known.filter(([shape]) => this.#samples.has(shape)),
      blocks: distinct(asking.flatMap((entry) => this.#wanted(entry))),
    });
  }

  /** Keys of the columns of a table that the transaction has locked. `undefined` if its sequences give none. */
  more(shape: TableShape, columns: readonly number[], rows: number): Asked | undefined {
    const facts = this.#scope.cache.get(shape.table);
    if (!facts || !takesBlock(rows)) return undefined;
    const blocks = columns.map((column) => ({ column, block: this.#block(shape, column, facts) }));
    if (blocks.some(({ block }) => block.isDry)) return undefined;
    const requests = blocks.map(({ column, block }) => ({ shape, column, size: block.sizeFor(rows) }));
    return ask({ age: this.#age, unknown: [], doubted: [], held: [[shape, facts]], blocks: requests });
  }

  /**
   * Reads the answers to a question.
   *
   * @param written the entries that it travelled behind, with their answers
   * @param undo sends a statement, if the question was refused and the transaction shall go on without it
   */
  async settle(
    { age, read }: Asked,
    answers: readonly PromiseSettledResult<Answer>[],
    undo: (statement: typeof undoQuestion) => Promise<unknown>,
    written: ReadonlyMap<Entry, Answer> = new Map(),
  ): Promise<void> {
    const { engine, driver } = this.#context;
    const question = engine.questions.ahead;
    const values = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (values.length < answers.length) {
      this.stop();
      const refused = answers.find((answer) => answer.status === 'rejected');
      question.noteInterruption(asError(refused?.reason), driver.errors);
      await undo(undoQuestion).catch(() => {});
      return;
    }
    question.noteAnswer();
    const { facts, settings, blocks } = read(values);
    if (age !== this.#age) return;
    this.#settings = settings;
    for (const [shape, known] of facts) this.#learn(shape, known);
    for (const [{ shape }, answer] of written) {
      if (this.#samples.has(shape)) this.#samples.set(shape, answer);
    }
    for (const drawn of blocks) this.#fill(drawn, written);
  }

  #learn(shape: TableShape, facts: TableFacts | undefined): void {
    for (const cache of [this.#scope.cache, this.#context.facts]) {
      if (facts) cache.set(shape.table, facts);
      else cache.delete(shape.table);
    }
    if (!facts) return;
    this.#scope.held.add(shape);
    this.#samples.set(shape, undefined);
  }

  #fill({ shape, column, sequence, keys }: DrawnBlock, written: ReadonlyMap<Entry, Answer>): void {
    const facts = this.#scope.cache.get(shape.table);
    const ofColumn = columnFacts(facts, shape, column);
    if (!facts?.plain || !ofColumn?.keys) return;
    const block = this.#block(shape, column, facts);
    block.isDry = keys.length === 0 || (ofColumn.sequence ?? undefined) !== sequence;
    // Rows that are on their way draw keys behind these, and were called before those that would be given them.
    if (!block.isDry && !this.#unproved.draws(shape, written)) block.fill(shape, column, ofColumn, keys);
  }

  /** The keys that the caller of an entry wants back. Those of a table that nothing is known of are those of the schema. */
  #wanted(entry: Entry): BlockRequest[] {
    const { shape, returning } = entry;
    if (!returning || !onlyColumns(returning)) return [];
    const facts = this.#factsOf(shape);
    return shape.columns.flatMap(({ column, isKeyed }, index) => {
      const isAsked = isKeyed && returning.some(({ field }) => field === column);
      if (!isAsked || rowsWithout(entry, index).length === 0) return [];
      const block = facts && this.#blocks.get(blockName(shape, index, facts));
      return block?.isDry ? [] : [{ shape, column: index, size: (block ?? new KeyBlock()).sizeFor(0) }];
    });
  }

  #factsOf({ table }: TableShape): TableFacts | undefined {
    return this.#scope.cache.get(table) ?? this.#context.facts.get(table);
  }

  #block(shape: TableShape, column: number, facts: TableFacts): KeyBlock {
    return getOrInsert(this.#blocks, blockName(shape, column, facts), () => new KeyBlock());
  }
}

/** Tables may share a sequence, such as a partition and its parent, and two of drizzle's tables for one relation. */
function blockName(shape: TableShape, column: number, facts: TableFacts): string {
  return columnFacts(facts, shape, column)?.sequence ?? `${facts.oid} ${column}`;
}
