/** JSON values that PostgreSQL takes from drizzle, beside those that it takes from every version. */
export const jsonBooleans: readonly boolean[] = [true, false];
