/** Facts of the tables of a flush, from memory where they are known. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { countTrips } from './count-trips.ts';
import type { TableShape } from './drizzle/table.ts';
import { factsQuery, readFacts } from './facts-query.ts';
import type { FlushContext, FlushTarget } from './flush.ts';
import type { ReportBuilder } from './report.ts';
import type { TableFacts } from './table-facts.ts';

export type FactsByTable = ReadonlyMap<PgTable, TableFacts | undefined>;

/**
 * A transaction's own facts come before what other transactions of the client have learned: `search_path` and
 * role may differ between them.
 *
 * @param confirm ask again for what is known, after raw SQL that may have changed either
 */
export async function learnFacts(
  { facts: shared, logger, options }: FlushContext,
  {
    facts: own,
    run,
    connection,
  }: Pick<FlushTarget, 'facts' | 'run'> & Partial<Pick<FlushTarget, 'connection'>>,
  shapes: Iterable<TableShape>,
  confirm: boolean,
  report: ReportBuilder,
): Promise<FactsByTable> {
  const tables = [...new Set(shapes)];
  const asked = tables.filter(({ table }) => confirm || !(own.has(table) || shared.has(table)));
  if (asked.length > 0) {
    const query = factsQuery(asked);
    logger.logQuery(query.text, [...query.params]);
    report.statements += 1;
    const describes = options.parameters === 'describe';
    const hasBegun = connection?.hasBegun ?? true;
    report.roundTrips += countTrips({ statements: [query], describes, hasBegun, commits: false });
    const answer = await run(query);
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
