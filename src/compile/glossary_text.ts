// build/glossary.ts from docs/GLOSSARY.md: the words of its tables and what they mean, for the report. One word, one meaning.

/**
 * The TypeScript of the terms.
 * @param source where the text is from, for messages
 * @throws Error for a row without a meaning, a word that is there twice, or no rows
 */
export function glossaryText(markdown: string, source: string): string {
  const terms = Object.entries(Object.fromEntries(glossaryTerms(markdown, source)));
  const lines = terms.map(([word, meaning]) => `  ${JSON.stringify(word)}: ${JSON.stringify(meaning)},`);
  return `/** What each word of ${source} means. */\nexport const GLOSSARY: Readonly<Record<string, string>> = {\n${lines.join('\n')}\n};\n`;
}

/** Words and meanings, in the order of the tables; words that share a row share its meaning. */
export function glossaryTerms(markdown: string, source: string): Map<string, string> {
  const terms = new Map<string, string>();
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    const cells = /^\|(.+)\|\s*$/
      .exec(line)?.[1]
      ?.split('|')
      .map((cell) => plain(cell));
    if (cells === undefined || cells[0] === 'word' || /^-+$/.test(cells[0] as string)) continue;
    const [words = '', meaning = ''] = cells;
    const where = `${source}:${index + 1}`;
    if (words === '' || meaning === '')
      throw new Error(`${where}: expected | word | meaning | ..., both of them there.`);
    for (const word of words.split(', ')) {
      if (terms.has(word)) throw new Error(`${where}: '${word}' has a meaning already. One word, one meaning.`);
      terms.set(word, meaning);
    }
  }
  if (terms.size === 0) throw new Error(`${source}: has no table of words. Expected rows | word | meaning |.`);
  return terms;
}

/** Without Markdown's marks. */
function plain(cell: string): string {
  return cell
    .trim()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '');
}
