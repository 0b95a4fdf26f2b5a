import { describe, expect, it } from 'vitest';
import { GLOSSARY } from '../../../build/glossary.ts';
import { explained } from './glossary.ts';

/** Words that are explained. */
const words = (text: string): string[] => explained(text).flatMap((piece) => (piece.meaning ? [piece.text] : []));

describe('a heading', () => {
  it('explains the words of the glossary, as they are written in it', () => {
    expect(explained('A row for each cell')).toEqual([
      { text: 'A row for each ' },
      { text: 'cell', meaning: GLOSSARY.cell },
    ]);
    expect(words('Schemes by buffers')).toEqual(['Schemes', 'buffers']);
    expect(words('The sweep')).toEqual(['sweep']);
  });

  it('explains a word once, where it is first used', () => {
    expect(words('arm by arm: arms')).toEqual(['arm']);
  });

  it('takes the longest word that is there, and no part of one', () => {
    expect(words('ratio by block size')).toEqual(['ratio', 'block size']);
    expect(words('farm, groupings, an alarm, cross-block')).toEqual([]);
    expect(words("A', the copy")).toEqual(["A'"]);
  });

  it('is the same text when its parts are joined', () => {
    for (const text of ['', 'nothing', 'arm', 'Ratio of CPU time per I/O, by BAR and iodepth', "A' and arms"]) {
      expect(
        explained(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    }
  });
});
