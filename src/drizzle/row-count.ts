/** Whether a parameter is that of LIMIT or OFFSET, which drizzle gives no column. Their type is bigint wherever they stand. */
export function isRowCount(text: string, number: number): boolean {
  const place = text.indexOf(`$${number}`);
  const isClause = text.endsWith(' limit ', place) || text.endsWith(' offset ', place);
  return isClause && !new RegExp(`\\$${number}(?!\\d)`).test(text.slice(place + 1));
}
