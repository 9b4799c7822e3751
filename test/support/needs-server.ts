import { inject, type TestContext } from 'vitest';

/** Skips a test if the server is too old for it, with a message. */
export function needsServer(major: number, { skip }: TestContext): void {
  const version = inject('serverVersion');
  skip(version < major, `needs PostgreSQL ${major}, this is ${version}`);
}
