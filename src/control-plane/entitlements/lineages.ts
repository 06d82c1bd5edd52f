/** Keys that have replaced one another: a key that is rotated stays in its budgets and subscriptions, and so does the one that it replaces. */
export class Lineages {
  readonly #roots = new Map<string, string>();

  /** Takes pairs of a key and the one that replaced it, the oldest first. */
  replaced(key: string, by: string): void {
    this.#roots.set(by, this.rootOf(key));
  }

  /** The first key of the line: the same for all of them. */
  rootOf(key: string): string {
    return this.#roots.get(key) ?? key;
  }

  isSame(key: string, other: string): boolean {
    return this.rootOf(key) === this.rootOf(other);
  }
}
