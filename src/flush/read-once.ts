/**
 * A part of the library that is no part of what a program waits for when it starts.
 *
 * @param read imports it
 * @returns reads it, if that has not begun yet
 */
export function readOnce<TPart>(read: () => Promise<TPart>): () => Promise<TPart> {
  let reading: Promise<TPart> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}
