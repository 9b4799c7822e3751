/** The same for the blocks that import of `batched-drizzle/v1`. */
import type { EmptyRelations } from 'drizzle-orm/relations';

declare global {
  const postgres: typeof import('postgres');
  const relations: EmptyRelations;

  namespace NodeJS {
    interface ProcessEnv {
      readonly DATABASE_URL: string;
    }
  }
}
