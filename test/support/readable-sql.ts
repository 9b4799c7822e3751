/** SQL without the schema of PostgreSQL's own functions, operators and types, as `search-path.test.ts` demands it. */
export function readableSql(text: string): string {
  return text
    .replaceAll(/operator\(pg_catalog\.(\S+?)\)/g, '$1')
    .replaceAll('pg_catalog.', '')
    .replaceAll(/\s+/g, ' ');
}
