/** drizzle 1.0 has its relations apart from the schema: see `v1/relations-of-schema.ts`. */
export {};
