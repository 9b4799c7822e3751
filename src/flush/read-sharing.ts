import { readOnce } from './read-once.ts';

export const readSharing = readOnce(() => import('./sharing.ts'));
