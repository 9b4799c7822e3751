import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of a program, if it is installed. Debian puts some programs in a folder that only root's PATH
 * contains.
 */
export function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, name))
    .find((program) => existsSync(program));
}
