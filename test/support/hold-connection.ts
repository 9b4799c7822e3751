import type { Sql } from 'postgres';

/** Keeps one connection of the pool busy until the returned function is called. */
export function holdConnection(client: Sql): Promise<() => Promise<unknown>> {
  return new Promise((taken, failed) => {
    const holding = client.begin(
      () =>
        new Promise<void>((release) => {
          taken(() => {
            release();
            return holding;
          });
        }),
    );
    holding.catch(failed);
  });
}
