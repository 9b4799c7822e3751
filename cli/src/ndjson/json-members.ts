/** A key of an object and the text of its value, as they stand in the file. */
export interface Member {
  readonly key: string;
  /** The value's text. A number keeps all its digits. */
  readonly raw: string;
}

/** The members of an object that JSON.parse has accepted. */
export function membersOf(text: string): Member[] {
  return itemsOf(text).map((item) => {
    const end = endOfString(item, 0);
    return { key: JSON.parse(item.slice(0, end)), raw: item.slice(item.indexOf(':', end) + 1).trim() };
  });
}

/** The texts between the commas of an object or array that JSON.parse has accepted. */
export function itemsOf(text: string): string[] {
  const inner = text.trim().slice(1, -1);
  if (inner.trim() === '') return [];
  const items: string[] = [];
  let [from, depth] = [0, 0];
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at];
    if (character === '"') at = endOfString(inner, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      items.push(inner.slice(from, at).trim());
      from = at + 1;
    }
  }
  items.push(inner.slice(from).trim());
  return items;
}

/** The position behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
