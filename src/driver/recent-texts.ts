/** What is known of statements and their parts, by their texts. */

/** Texts that a generation has at most, and their characters in all. Texts without number would leak. */
const mostTexts = 500;
const mostCharacters = 500_000;

/**
 * Texts that have not been asked for lately are forgotten. There are two generations: a text that is asked for joins the
 * younger one. When that is full the older one is dropped, and the younger takes its place. So a look-up changes nothing in
 * most cases, unlike one of a list in order of use.
 */
export class RecentTexts<Known extends object | boolean> {
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();
  /** Characters of the younger generation. */
  #characters = 0;

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(text: string): Known | undefined {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const older = this.#old.get(text);
    if (older !== undefined) {
      this.#old.delete(text);
      this.#add(text, older);
    }
    return older;
  }

  set(text: string, known: Known): void {
    this.forget(text);
    // A text of thousands of parameters would drive out all others, and is seldom sent again.
    if (text.length <= mostCharacters / 5) this.#add(text, known);
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

  #add(text: string, known: Known): void {
    if (this.#young.size >= mostTexts || this.#characters + text.length > mostCharacters) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#young.set(text, known);
    this.#characters += text.length;
  }
}
