import { register } from 'node:module';

// drizzle-orm stands among the library's packages, where no pg is: it gets the benchmark's. A second copy of
// drizzle-orm beside pg would not do, since drizzle tells the classes of another copy apart by a slower way.
const hook = `
  export async function resolve(specifier, context, next) {
    const isDrizzle = specifier === 'pg' && context.parentURL?.includes('/node_modules/drizzle-orm/');
    return next(specifier, isDrizzle ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
