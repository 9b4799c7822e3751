/** The folder of the benchmark; what runs is compiled into .build/bench below it. */
export const folder = new URL('../../', import.meta.url);
