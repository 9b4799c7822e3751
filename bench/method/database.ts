import { createRequire } from 'node:module';
import type postgresJs from 'postgres';
import type { Sql } from 'postgres';
import { WrongRows } from '../demo/verify.ts';
import type { Ids } from '../sides/side.ts';
import { create, type Row, rowsOf, type Table, targetRows, targets } from '../tables.ts';

/** The rows that a side reports to have written into a table. */
export interface Given {
  readonly table: Table;
  /** The number of rows sent. */
  readonly count: number;
  readonly ids: Ids;
  /** For a child table: the column that holds the parent's id, and the expected id for each row. */
  readonly parents?: { readonly column: string; readonly ids: Ids };
}

/**
 * A copy of postgres.js apart from the one that sides import. V8 compiles a function for all of its callers, so that the
 * referee's queries between two runs would slow the sides on postgres.js, and no others.
 */
const postgres: typeof postgresJs = createRequire(import.meta.url)('postgres');

/** What the server calls the connections of referees. */
export const refereeName = 'batched-drizzle: referee';

/** The benchmark's own connection, one in each of its processes. It empties tables and checks the rows that were written. */
export class Referee {
  readonly sql: Sql;
  readonly #expected = new Map<string, number>();

  constructor(url: string) {
    const connection = { application_name: refereeName };
    this.sql = postgres(url, { max: 1, onnotice: () => {}, connection });
  }

  /** Creates the tables, and beside each one a table for the expected rows. */
  async createTables(tables: readonly Table[]): Promise<void> {
    await this.sql`alter database ${this.sql(this.sql.options.database)} set timezone to 'UTC'`;
    await this.sql`create schema expected`;
    for (const table of tables) {
      const columns = table.columns.map(({ name, kind }) => `${name} ${kind}`).join(', ');
      await this.sql.unsafe(create(table));
      await this.sql.unsafe(`create table expected.${table.name} (n int primary key, ${columns})`);
      if (table.name === targets.name) {
        await this
          .sql`insert into targets (label) select 'target ' || n from generate_series(1, ${targetRows}) n`;
      }
    }
  }

  /** Sets the first `count` rows that the table must hold. */
  async expect(table: Table, count: number, rows?: readonly Row[]): Promise<void> {
    const known = this.#expected.get(table.name) ?? 0;
    if (known >= count) return;
    const all = rows ?? rowsOf(table, count);
    const names = table.columns.map(({ name }) => name).join(', ');
    const typed = table.columns.map(({ name, kind }) => `${name} ${kind}`).join(', ');
    for (let from = known; from < count; from += 20_000) {
      const part = all.slice(from, Math.min(count, from + 20_000)).map((row, n) => ({ n: from + n, ...row }));
      await this.sql.unsafe(
        `insert into expected.${table.name} (n, ${names})
         select n, ${names} from json_to_recordset($1::text::json) as r(n int, ${typed})`,
        [JSON.stringify(part)],
      );
    }
    this.#expected.set(table.name, count);
    await this.sql.unsafe(`analyze expected.${table.name}`);
  }

  /**
   * Empties the tables and restarts the sequences. The checkpoint leaves no dirty pages that would slow the
   * next run.
   */
  async reset(tables: readonly Table[]): Promise<void> {
    const names = tables.map(({ name }) => name).join(', ');
    await this.sql.unsafe(`truncate ${names} restart identity cascade`);
    await this.sql`checkpoint`;
  }

  /**
   * Compares the table with the expected rows, in the server. Every returned id must be that of a row with
   * the expected values, and there may be no other row.
   */
  async check(side: string, { table, count, ids, parents }: Given): Promise<void> {
    const compared = table.columns.map(({ name }) => name).filter((name) => name !== parents?.column);
    const list = (alias: string) => compared.map((name) => `${alias}.${name}`).join(', ');
    const parent = parents ? `and t.${parents.column} = g.parent` : '';
    const [row] = await this.sql.unsafe<{ found: number; right: number }[]>(
      `select (select count(*)::int from ${table.name}) as found,
              (select count(distinct g.id)::int
                 from unnest($1::int[], $2::int[]) with ordinality as g(id, parent, n)
                 join ${table.name} t on t.id = g.id
                 join expected.${table.name} e on e.n = g.n - 1
                where row(${list('t')}) is not distinct from row(${list('e')}) ${parent}) as right`,
      [ids as number[], (parents?.ids ?? []) as number[]],
    );
    if (row?.found !== count || row.right !== count || ids.length !== count) {
      throw new WrongRows(
        `${side}: ${count} rows sent to ${table.name}, ${ids.length} ids given back, ` +
          `${row?.found} rows found, ${row?.right} of them right`,
      );
    }
  }

  close(): Promise<void> {
    return this.sql.end({ timeout: 1 });
  }
}
