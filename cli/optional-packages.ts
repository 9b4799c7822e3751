import { CommandError } from './command-error.ts';

/**
 * What only the command needs is an optional peer of the package: the library installs and imports none of it.
 *
 * @throws {CommandError} that says what to install, where the package is not there
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
