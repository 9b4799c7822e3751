/** A Markdown table. Its first column is text, and the others are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, n) => (n === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

export const image = ({ alt, file }: { alt: string; file: string }, folder: string) =>
  `![${alt}](${folder}${file})`;

/** Puts text between the two marks of this name. Throws if the file lacks a mark. */
export function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no place is marked by ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`;
}

export function decimals(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The number with three significant digits. */
export function roughly(value: number): string {
  if (value >= 100) return decimals(Math.round(value), 0);
  return value >= 10 ? decimals(value, 1) : decimals(value, 2);
}
