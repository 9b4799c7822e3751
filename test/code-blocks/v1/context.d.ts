/** The same for the blocks that import of `batched-drizzle/v1`. */
import type { defineRelations } from 'drizzle-orm';

declare global {
  const postgres: typeof import('postgres');
  // biome-ignore lint/complexity/noBannedTypes: a schema without tables
  const relations: ReturnType<typeof defineRelations<{}>>;

  namespace NodeJS {
    interface ProcessEnv {
      readonly DATABASE_URL: string;
    }
  }
}
