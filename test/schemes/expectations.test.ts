// Each scheme has its expectation, and the two agree in what the scheme's header declares.
import { describe, expect, it } from 'vitest';
import { listSchemes } from '../../src/lab/machine/modules.ts';
import { EXPECTED } from '../support/expected.ts';
import { soundVariants } from '../support/variants.ts';

describe('the files of test/schemes', () => {
  it('expect something of every scheme and variant, and of nothing else', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(soundVariants().sort());
  });

  it('carry the buffers that the headers declare (@carries)', () => {
    for (const { name, carries, variants } of listSchemes()) {
      const sources = variants.flatMap((variant) => Object.keys(EXPECTED[variant.name]?.removal ?? {}));
      expect([name, [...new Set(sources)].sort()]).toEqual([name, carries.toSorted()]);
    }
  });
});
