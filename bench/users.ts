/** What every comparison of 1,000 rows writes, a user to each name. */
export const names: readonly string[] = Array.from({ length: 1_000 }, (_, index) => `user ${index}`);
