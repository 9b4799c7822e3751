/** Linux gives no process a greater id, and other systems keep below it. Poolers make ids up, of 32 random bits. */
const greatestProcessId = 4_194_304;

/** Whether a server may have introduced itself by this id, and not a pooler in front of it. */
export function isProcessId(id: unknown): boolean {
  return typeof id === 'number' && id > 0 && id <= greatestProcessId;
}
