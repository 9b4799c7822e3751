import { defaultLooks } from './looks-of-defaults.ts';
import { guardLooks } from './looks-of-guards.ts';
import { keyLooks } from './looks-of-keys.ts';
import { triggerLooks } from './looks-of-triggers.ts';

/** All ways in which a table looks around, by name. */
export const looks = { ...keyLooks, ...defaultLooks, ...guardLooks, ...triggerLooks };
export type LookName = keyof typeof looks;

export const lookNames = Object.keys(looks) as LookName[];

/** Whether rows must be written by a role without privileges of its own. */
export const needsRole = (look: LookName): boolean => look.startsWith('policy');
