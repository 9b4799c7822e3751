/** Older versions of node-postgres, installed by other names. */
declare module 'pg-8.2' {
  import pg from 'pg';
  export default pg;
}

declare module 'pg-8.11' {
  import pg from 'pg';
  export default pg;
}
