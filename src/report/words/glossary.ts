// What the glossary says of the words in a heading: for hover texts of the report.
import { GLOSSARY } from '../../../build/glossary.ts';

/** A part of a text; one that is a word of the glossary has its meaning. */
export interface Piece {
  text: string;
  meaning?: string;
}

const MEANINGS = new Map(Object.entries(GLOSSARY).map(([word, meaning]) => [word.toLowerCase(), meaning]));

/** Longest first: `block size` is no block. Whole words, and their plural. */
const WORDS = new RegExp(
  `(?<![\\w'-])(${Object.keys(GLOSSARY)
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('|')})(s?)(?![\\w'-])`,
  'gi',
);

/** The text in parts: each word of the glossary where it is first used in it. Joined, they are the text. */
export function explained(text: string): Piece[] {
  const pieces: Piece[] = [];
  const seen = new Set<string>();
  let from = 0;
  for (const match of text.matchAll(WORDS)) {
    const word = (match[1] as string).toLowerCase();
    if (seen.has(word)) continue;
    seen.add(word);
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) });
    pieces.push({ text: match[0], meaning: MEANINGS.get(word) as string });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}
