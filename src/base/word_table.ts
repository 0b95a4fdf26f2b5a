// A table that is asked with words from files: `constructor`, `__proto__` and `toString` are words that it does not hold.

/** The entries without a prototype, so that `table[word]` and `word in table` know the given words only. */
export function wordTable<T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.freeze(Object.assign(Object.create(null) as Record<string, T>, entries));
}
