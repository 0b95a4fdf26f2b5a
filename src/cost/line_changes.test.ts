// What changed between two builds by line: lines that only moved are no change.
import { describe, expect, it } from 'vitest';
import type { LineCost } from './document.ts';
import { lineChanges } from './line_changes.ts';

const at = (line: number, ops: number, accesses: number, name = 'f', file = 'a.ts'): LineCost => ({
  ...{ core: 'host', file, line, function: name, ops, accesses },
});
const BEFORE = [at(10, 3, 1), at(11, 5, 2), at(12, 3, 1), at(20, 7, 0, 'g')];
const told = (now: readonly LineCost[]) =>
  lineChanges(now, BEFORE).map(({ line, function: name, ops, accesses }) => `${name}:${line} ${ops} ${accesses}`);

describe('lines of two builds', () => {
  it('that moved are no change', () => {
    expect(told(BEFORE.map((line) => ({ ...line, line: line.line + 4 })))).toEqual([]);
  });

  it('name the one that was put between others', () => {
    expect(told([at(10, 3, 1), at(11, 2, 1), at(12, 5, 2), at(13, 3, 1), at(21, 7, 0, 'g')])).toEqual(['f:11 2 1']);
  });

  it('name the one that does more, and the one that is gone', () => {
    expect(told([at(10, 3, 1), at(11, 6, 3), at(12, 3, 1), at(20, 7, 0, 'g')])).toEqual(['f:11 1 1']);
    expect(told([at(10, 3, 1), at(11, 3, 1), at(20, 7, 0, 'g')])).toEqual(['f:11 -5 -2']);
  });

  it('begin with most accesses, of whole functions too', () => {
    const now = [...BEFORE.slice(0, 3), at(20, 9, 0, 'g'), at(3, 4, 2, 'h', 'b.ts')];
    expect(told(now)).toEqual(['h:3 4 2', 'g:20 2 0']);
  });
});
