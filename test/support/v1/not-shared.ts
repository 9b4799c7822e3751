/** Tests of the files in `shared.ts` that do not run on drizzle 1.0, by file and name, each with the reason. */
const identity = 'a value given for GENERATED ALWAYS is ignored in 1.0: see `test/v1/traps.test.ts`';
const casing = '1.0 has no option `casing`: `snakeCase.table()` names the columns';
const json = 'plain 1.0 on postgres.js refuses `true` in a json column: see `test/v1/traps.test.ts`';
const dates = '1.0 writes an invalid Date by `toISOString()`, which throws a RangeError';
const types = '1.0 has other column types and modes';

const together =
  'plain 1.0 lets postgres.js send what it has prepared together, so its own answers come together';

/** The same for postgres.js alone. */
export const notOnPostgresJs: Readonly<Record<string, string>> = {
  'differential-strands.test.ts: random transactions that async functions use at once are those of plain drizzle, call by call':
    together,
  'differential-strands.test.ts: a tracer that replaces prepareQuery() of the class sees the statements of both in the same order':
    together,
};

export const notOnDrizzle1: Readonly<Record<string, string>> = {
  'alone.test.ts: each entry commits or fails alone > keys GENERATED ALWAYS are had again, too': identity,
  'columns.test.ts: casing > snake_case names the columns, but for those that have a name': casing,
  'columns.test.ts: casing > camelCase names the columns': casing,
  'columns.test.ts: identity columns and sequences > GENERATED ALWAYS AS IDENTITY takes allocated keys only with OVERRIDING SYSTEM VALUE; a value that the caller gave without overridingSystemValue() fails with 428C9':
    identity,
  'columns.test.ts: identity columns and sequences > a value given for one of two such columns fails, also where the key of the other is taken ahead':
    identity,
  'flights.test.ts: a statement that can not be written keeps all of its flight from being written > in a transaction':
    dates,
  'results.test.ts: results > a value given to GENERATED ALWAYS without overridingSystemValue() fails with 428C9, as in drizzle':
    identity,
  'results.test.ts: casing: snake_case > results equal those of drizzle': casing,
  'results.test.ts: casing: snake_case > references name the properties': casing,
  'results.test.ts: values > nasty ones, one row at a time': json,
  'results.test.ts: values > nasty ones, all of one turn': json,
  'results.test.ts: values > nasty ones, as the rows of one insert, with all columns': json,
  'results.test.ts: values > the bytes of the text are those of drizzle': json,
  'types.test.ts: every column type of pg-core, in every mode, is among those tried': types,
};
