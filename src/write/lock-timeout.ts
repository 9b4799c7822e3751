/** How a statement bounds the time that it waits for locks. */

function isShortEnough(lockTimeout: string): string {
  return (
    `pg_catalog.current_setting('lock_timeout')::interval operator(pg_catalog.>) interval '0' and ` +
    `pg_catalog.current_setting('lock_timeout')::interval operator(pg_catalog.<=) interval '${lockTimeout}'`
  );
}

/**
 * Sets `lock_timeout` for the transaction, as a column of a query. It never exceeds the user's own setting.
 */
export function boundByQuery(lockTimeout: string): string {
  return `pg_catalog.set_config('lock_timeout', case when ${isShortEnough(lockTimeout)} then pg_catalog.current_setting('lock_timeout') else '${lockTimeout}' end, true)`;
}

/**
 * The same as a statement of its own.
 *
 * @param mayUseSettings whether `set_config` may be used; it does nothing where BEGIN has failed
 */
export function boundByStatement(lockTimeout: string, mayUseSettings: boolean): string {
  if (mayUseSettings) return `select ${boundByQuery(lockTimeout)}`;
  return `do $$ begin if not (${isShortEnough(lockTimeout)}) then set local lock_timeout = '${lockTimeout}'; end if; end $$`;
}
