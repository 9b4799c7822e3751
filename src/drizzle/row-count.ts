/**
 * The numbers of the parameters of LIMIT and OFFSET that stand nowhere else. drizzle gives them no column. Their type is bigint
 * wherever they stand.
 */
export function rowCounts(text: string): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const [, number] of text.matchAll(/ (?:limit|offset) \$(\d+)/g)) {
    const places = text.match(new RegExp(`\\$${number}(?!\\d)`, 'g'));
    if (places?.length === 1) numbers.add(Number(number));
  }
  return numbers;
}
