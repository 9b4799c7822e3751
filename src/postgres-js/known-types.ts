/** What the server has told about the parameters of statements, by their texts. */

/** Texts that are remembered at most, and their characters in all. Texts without number would leak. */
const mostTexts = 1_000;
const mostCharacters = 1_000_000;

/** Least recently used texts are forgotten first: a map keeps the order in which its keys were added. */
export class KnownTypes {
  readonly #byText = new Map<string, readonly number[]>();
  #characters = 0;

  /** Characters of the texts that are remembered. */
  get characters(): number {
    return this.#characters;
  }

  get size(): number {
    return this.#byText.size;
  }

  get(text: string): readonly number[] | undefined {
    const types = this.#byText.get(text);
    if (types) {
      this.#byText.delete(text);
      this.#byText.set(text, types);
    }
    return types;
  }

  set(text: string, types: readonly number[]): void {
    const known = this.#byText.get(text);
    if (known && types.every((type, index) => type === known[index])) return;
    this.forget(text);
    // A text of thousands of parameters would drive out all others, and is seldom sent again.
    if (text.length > mostCharacters / 10) return;
    this.#byText.set(text, types);
    this.#characters += text.length;
    for (const oldest of this.#byText.keys()) {
      if (this.#byText.size <= mostTexts && this.#characters <= mostCharacters) break;
      this.forget(oldest);
    }
  }

  forget(text: string): void {
    if (this.#byText.delete(text)) this.#characters -= text.length;
  }

  clear(): void {
    this.#byText.clear();
    this.#characters = 0;
  }
}
