// Source maps as the compiler writes them: offsets, sources, lines, and what says nothing.
import { describe, expect, it } from 'vitest';
import { readSourceMap } from './source_map.ts';

/** 0: file a, line 1; 10: nothing; 20: file b, line 41; 24: file b, line 40. */
const MAP = JSON.stringify({ version: 3, sources: ['a.ts', 'b.ts'], names: [], mappings: 'AAAA,U,UCwCA,IADA' });

describe('a source map', () => {
  it('gives the line at an offset', () => {
    const map = readSourceMap(MAP, 'module');
    expect(map.lineAt(0, 0, 100)).toEqual({ file: 'a.ts', line: 1 });
    expect(map.lineAt(9, 0, 100)).toEqual({ file: 'a.ts', line: 1 });
    expect(map.lineAt(20, 0, 100)).toEqual({ file: 'b.ts', line: 41 });
    expect(map.lineAt(99, 0, 100)).toEqual({ file: 'b.ts', line: 40 });
  });

  it('takes the nearest line of the same function where none is said', () => {
    const map = readSourceMap(MAP, 'module');
    expect(map.lineAt(12, 0, 100)).toEqual({ file: 'b.ts', line: 41 });
    expect(map.lineAt(12, 0, 20)).toEqual({ file: 'a.ts', line: 1 });
    expect(map.lineAt(12, 5, 20)).toBeUndefined();
  });

  it('is refused where it is none', () => {
    expect(() => readSourceMap('{', 'host.page')).toThrow('host.page: the source map is no JSON');
    expect(() => readSourceMap('{"sources":[],"mappings":""}', 'host.page')).toThrow(
      'host.page: the module has no source map',
    );
  });
});
