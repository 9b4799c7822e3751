/** The facts of a flush's tables. Only facts that are not cached are queried. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Answer, Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import type { Engine } from './engine.ts';
import { factsQuery, readFacts } from './facts-query.ts';
import type { FactsScope } from './facts-scope.ts';
import type { FactsCache, TableFacts } from './table-facts.ts';

export type FactsByTable = ReadonlyMap<PgTable, TableFacts | undefined>;

/**
 * The transaction's own cache comes before the one shared by the client, since `search_path` and role may
 * differ between transactions.
 *
 * @returns `undefined` if the question was interrupted lately, and is left out
 */
export async function learnFacts(
  { facts: shared, engine }: { readonly facts: FactsCache; readonly engine: Engine },
  { cache: own, mustAskAgain }: FactsScope,
  shapes: Iterable<TableShape>,
  ask: (query: Statement) => Promise<Answer>,
): Promise<FactsByTable | undefined> {
  const tables = [...new Set(shapes)];
  const asked = tables.filter(({ table }) => mustAskAgain || !(own.has(table) || shared.has(table)));
  if (asked.length > 0) {
    const { facts: question } = engine.questions;
    if (question.isLeftOut()) return undefined;
    const answer = await ask(factsQuery(asked));
    question.noteAnswer();
    const learned = readFacts(answer[0]?.[0], asked.length);
    for (const [index, { table }] of asked.entries()) {
      const facts = learned[index];
      for (const cache of [own, shared]) {
        if (facts) cache.set(table, facts);
        else cache.delete(table);
      }
    }
  }
  return new Map(
    tables.map(({ table }) => {
      const facts = own.get(table) ?? shared.get(table);
      if (facts) own.set(table, facts);
      return [table, facts];
    }),
  );
}
