import { CommandError } from './command-error.ts';

/**
 * Imports a package that only `--embedded` needs. It is an optional peer dependency, since it is large and most loads go
 * to a database that exists.
 *
 * @throws {CommandError} with the command that installs the package, if it is missing
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    if (!isMissing || !message.includes(`'${name}`)) throw cause;
    const install = `npm install --save-dev ${name}`;
    throw new CommandError(`${purpose} needs the package ${name}: ${install}`, undefined, { cause });
  }
}
