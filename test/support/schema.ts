export * from './relations.ts';
export * from './schema-tables.ts';
