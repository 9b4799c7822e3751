/** Tests of drizzle 0.45 that run on drizzle 1.0, too. */
export const onDrizzle1: readonly string[] = ['test/integration/*.test.ts', 'test/abuse/*.test.ts'];
