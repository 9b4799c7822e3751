/**
 * `""` is an empty string and an empty field is NULL, as for COPY. papaparse returns `''` for both. So `""`
 * is replaced before parsing by this character in quotes. No text of PostgreSQL can contain it.
 */
export const quotedEmpty = '\0';

/**
 * Marks the fields that are `""`. Text without such a field is returned unchanged. A `""` at the end of the
 * text is marked only if `isAll`, since otherwise its field may continue.
 */
export function markQuotedEmpties(text: string, delimiter: string, isAll: boolean): string {
  if (!text.includes('""')) return text;
  const isEnd = (from: number) => {
    let at = from;
    while (text[at] === ' ') at++;
    return at < text.length ? [delimiter, '\n', '\r'].includes(text[at] as string) : isAll;
  };
  const parts: string[] = [];
  let copied = 0;
  let at = text.indexOf('"');
  while (at !== -1) {
    const beginsField = at === 0 || text[at - 1] === delimiter || text[at - 1] === '\n';
    if (!beginsField) {
      at = text.indexOf('"', at + 1);
    } else if (text[at + 1] === '"' && isEnd(at + 2)) {
      parts.push(text.slice(copied, at), `"${quotedEmpty}"`);
      copied = at + 2;
      at = text.indexOf('"', copied);
    } else {
      const close = closingQuote(text, at);
      at = close === -1 ? -1 : text.indexOf('"', close + 1);
    }
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied);
}

function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
