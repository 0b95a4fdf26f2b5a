// What the build reads from a scheme's opening comment.
import { describe, expect, it } from 'vitest';
import { readSchemeHeader, variantConstants } from '../../src/compile/scheme_header.ts';

const header = (lines: string[]): ReturnType<typeof readSchemeHeader> =>
  readSchemeHeader(
    'wire',
    ['// @title Wire', '// @summary by wire', '// @carries fixed', ...lines, 'import { x } from "y";'].join('\n'),
  );

describe('a scheme header', () => {
  it('has one variant, the scheme itself, when it names none', () => {
    expect(header([])).toEqual({
      name: 'wire',
      title: 'Wire',
      summary: 'by wire',
      carries: ['fixed'],
      refusals: [],
      variants: [{ name: 'wire', options: {} }],
    });
  });

  it('names variants by what differs from the first, which is the default', () => {
    const { variants } = header([
      '// @variant era=1.0 quirk=none',
      '// @variant era=2.0 quirk=none',
      '// @variant era=2.0 quirk=odd',
    ]);
    expect(variants).toEqual([
      { name: 'wire', options: { era: '1.0', quirk: 'none' } },
      { name: 'wire@2.0', options: { era: '2.0', quirk: 'none' } },
      { name: 'wire@2.0+odd', options: { era: '2.0', quirk: 'odd' } },
    ]);
  });

  it('gives a variant a constant for every value that any variant names', () => {
    const both = header(['// @variant phys-lookup=flag', '// @variant phys-lookup=hash']);
    expect(both.variants.map((variant) => variantConstants(both, variant))).toEqual([
      { PHYS_LOOKUP_FLAG: 1, PHYS_LOOKUP_HASH: 0 },
      { PHYS_LOOKUP_FLAG: 0, PHYS_LOOKUP_HASH: 1 },
    ]);
  });

  it('keeps refusals in order, with the buffers they are about', () => {
    expect(header(['// @refuses EINVAL(pool,fixed) no queue', '// @refuses EFAULT no page']).refusals).toEqual([
      { errno: 'EINVAL', buffers: ['pool', 'fixed'], reason: 'no queue' },
      { errno: 'EFAULT', reason: 'no page' },
    ]);
  });

  it('must have a title, and variants of option=value', () => {
    expect(() => readSchemeHeader('wire', '// @summary by wire')).toThrow(
      "schemes/wire.ts: opening comment has no '// @title",
    );
    expect(() => readSchemeHeader('wire', '// @title Wire\n// @summary by wire\n// @carries disk')).toThrow(
      "'disk' is none of pool, fixed, user",
    );
    expect(() => header(['// @variant fast'])).toThrow("'fast' is not option=value");
  });
});
