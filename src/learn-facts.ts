/** Facts of the tables of a flush, from memory where they are known. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { TableShape } from './drizzle-facts.ts';
import type { FlushContext } from './flush.ts';
import type { ReportBuilder } from './report.ts';
import type { Answer, Statement } from './statement.ts';
import { factsQuery, readFacts, type TableFacts } from './table-facts.ts';

export type FactsByTable = ReadonlyMap<PgTable, TableFacts | undefined>;

/**
 * @param ask how to ask the server, in the transaction where there is one: `search_path` and role are its own
 * @param confirm ask again for what is known, after raw SQL that may have changed either
 */
export async function learnFacts(
  { facts: cache, logger }: FlushContext,
  shapes: Iterable<TableShape>,
  ask: (statement: Statement) => Promise<Answer>,
  confirm: boolean,
  report: ReportBuilder,
): Promise<FactsByTable> {
  const tables = [...new Set(shapes)];
  const asked = tables.filter(({ table }) => confirm || !cache.has(table));
  if (asked.length > 0) {
    const query = factsQuery(asked);
    logger.logQuery(query.text, [...query.params]);
    report.statements += 1;
    report.roundTrips += 1;
    const answer = await ask(query);
    const learned = readFacts(answer[0]?.[0], asked.length);
    for (const [index, { table }] of asked.entries()) {
      const facts = learned[index];
      if (facts) cache.set(table, facts);
      else cache.delete(table);
    }
  }
  return new Map(tables.map(({ table }) => [table, cache.get(table)]));
}
