/** More entries than go by own statements, of up to six tables. */
export const manyEntries = 45;
