import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is installed, if it is; Debian puts some where only root looks for them. */
export function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, name))
    .find((program) => existsSync(program));
}
