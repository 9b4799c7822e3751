/** What the server has told about the parameters of statements, by their texts. */

/** Texts that a generation has at most, and their characters in all. Texts without number would leak. */
const mostTexts = 500;
const mostCharacters = 500_000;

/**
 * Texts that have not been asked for lately are forgotten. There are two generations: a text that is asked for joins the
 * younger one. When that is full the older one is dropped, and the younger takes its place. So a look-up changes nothing in
 * most cases, unlike one of a list in order of use.
 */
export class KnownTypes {
  #young = new Map<string, readonly number[]>();
  #old = new Map<string, readonly number[]>();
  /** Characters of the younger generation. */
  #characters = 0;

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(text: string): readonly number[] | undefined {
    const known = this.#young.get(text);
    if (known) return known;
    const types = this.#old.get(text);
    if (types) {
      this.#old.delete(text);
      this.#add(text, types);
    }
    return types;
  }

  set(text: string, types: readonly number[]): void {
    const known = this.get(text);
    if (known && types.every((type, index) => type === known[index])) return;
    this.forget(text);
    // A text of thousands of parameters would drive out all others, and is seldom sent again.
    if (text.length <= mostCharacters / 5) this.#add(text, types);
  }

  forget(text: string): void {
    if (this.#young.delete(text)) this.#characters -= text.length;
    this.#old.delete(text);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#characters = 0;
  }

  #add(text: string, types: readonly number[]): void {
    if (this.#young.size >= mostTexts || this.#characters + text.length > mostCharacters) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#young.set(text, types);
    this.#characters += text.length;
  }
}
