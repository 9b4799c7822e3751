/** The folder of the benchmark. The compiled code runs in .build/bench below it. */
export const folder = new URL('../../', import.meta.url);
