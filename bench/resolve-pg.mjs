import { register } from 'node:module';

// drizzle-orm is among the library's packages, which do not include pg. This hook gives it the benchmark's
// pg. A second copy of drizzle-orm beside pg is no solution: drizzle recognises classes of another copy in a
// slower way.
const hook = `
  export async function resolve(specifier, context, next) {
    const isDrizzle = specifier === 'pg' && context.parentURL?.includes('/node_modules/drizzle-orm/');
    return next(specifier, isDrizzle ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
