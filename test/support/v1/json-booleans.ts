/** drizzle 1.0 passes JSON values on, postgres.js declares a boolean's type, and the server has no cast from it to JSON. */
export const jsonBooleans: readonly boolean[] = [];
