import { existsSync } from 'node:fs';
import type { Plugin } from 'vitest/config';

const root = new URL('../../../', import.meta.url).pathname;

/** `src/x.ts` → `src/v1/x.ts`, and `test/support/x.ts` → `test/support/v1/x.ts` */
const place = new RegExp(`^${root}(src|test/support)/(?!v1/)(.*)$`);

/**
 * Has tests of drizzle 0.45 import what drizzle 1.0 has in the place of a file, if there is such a file. They name the library's
 * files by their paths, and know of one version only. A counterpart itself imports what it names.
 */
export function counterparts(): Plugin {
  return {
    name: 'counterparts',
    enforce: 'pre',
    async resolveId(source, importer, options) {
      if (!importer || !source.startsWith('.')) return null;
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
      const counterpart = resolved?.id.replace(place, `${root}$1/v1/$2`);
      if (!counterpart || counterpart === resolved?.id || importer.includes('/v1/')) return resolved;
      return existsSync(counterpart) ? counterpart : resolved;
    },
  };
}
