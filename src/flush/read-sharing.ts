type Sharing = typeof import('./sharing.ts');

let reading: Promise<Sharing> | undefined;

/** Reads the code of shared statements when a flush needs it first. Most programs write a few rows at a time, and never do. */
export function readSharing(): Promise<Sharing> {
  reading ??= import('./sharing.ts').catch((error) => {
    reading = undefined;
    throw error;
  });
  return reading;
}
