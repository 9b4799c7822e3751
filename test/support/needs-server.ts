import { inject, type TestContext } from 'vitest';

/** Skips a test on a server that is older than what it tries, and says so. */
export function needsServer(major: number, { skip }: TestContext): void {
  const version = inject('serverVersion');
  skip(version < major, `needs PostgreSQL ${major}, this is ${version}`);
}
