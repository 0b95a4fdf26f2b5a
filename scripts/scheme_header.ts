// Reads the tags in a scheme's opening comment: its title and what it refuses. A scheme's name is its file's name.

/** What reports say about a scheme; from its own file. */
export interface SchemeHeader {
  /** File name without extension, and the word on the command line. */
  name: string;
  title: string;
  summary: string;
  /** Why the scheme's hooks return each errno. */
  refusals: { errno: string; reason: string }[];
}

/** @throws Error when a tag is missing: a scheme without a title cannot be reported. */
export function readSchemeHeader(name: string, source: string): SchemeHeader {
  const tag = (word: string): string => {
    const found = new RegExp(`^// @${word} (.+)$`, 'm').exec(source)?.[1];
    if (found === undefined)
      throw new Error(`src/machine/schemes/${name}.ts: opening comment has no '// @${word} ...' line`);
    return found.trim();
  };
  return {
    name,
    title: tag('title'),
    summary: tag('summary'),
    refusals: [...source.matchAll(/^\/\/ @refuses (E[A-Z0-9]+) (.+)$/gm)].map((match) => ({
      errno: match[1] as string,
      reason: (match[2] as string).trim(),
    })),
  };
}
