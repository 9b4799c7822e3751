/**
 * `""` is an empty string and an empty field is NULL, as to COPY; papaparse gives `''` for both. So `""` becomes a quoted
 * marker before it parses: a character that no text of PostgreSQL can have.
 */
export const quotedEmpty = '\0';

/**
 * Marks the fields that are `""`; text in which there is none is given back as it is. Where more text is to come, what
 * stands at the end may not be a field yet.
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
