/**
 * One statement that empties the tables and restarts their sequences. TRUNCATE makes new files for tables, indexes and sequences,
 * which takes several times as long.
 *
 * @param names as they stand in SQL, children first
 */
export function emptying(names: readonly string[]): string {
  return `do $$ begin
    ${names.map((name) => `delete from ${name};`).join(' ')}
    perform setval(seqrelid, seqstart, false) from pg_sequence join pg_depend on objid = seqrelid
      where deptype in ('a', 'i') and refobjid in (${names.map((name) => `'${name}'::regclass`).join(', ')});
  end $$`;
}
