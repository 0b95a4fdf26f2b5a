import { describe, expect, it } from 'vitest';
import { functionsOfListing, functionsOfSymbols, instructionsPerIo } from './count.ts';

const LISTING = `--- WebAssembly code ---
name: build/targets/host.page/run
compiler: TurboFan

Instructions (size = 16)
0x1000     0  55                   push rbp
0x1001     1  4889e5               REX.W movq rbp,rsp

--- End code ---
--- WebAssembly code ---
name: src/machine/nvme/controller/serve
Instructions (size = 32)
0x2000     0  55                   push rbp
--- End code ---
`;

describe('functions of a program', () => {
  it("are read from V8's listing", () => {
    expect(functionsOfListing(LISTING)).toEqual([
      { name: 'build/targets/host.page/run', start: 0x1000, end: 0x1010 },
      { name: 'src/machine/nvme/controller/serve', start: 0x2000, end: 0x2020 },
    ]);
  });

  it('are read from a symbol table, data and what has no size left out', () => {
    const table =
      '0000000000401a90 00000000000006f0 t host_turn\n                 U abort\n0000000000500000 0000000000000040 b sq\n';
    expect(functionsOfSymbols(table)).toEqual([{ name: 'host_turn', start: 0x401a90, end: 0x402180 }]);
  });
});

describe('instructions of a side', () => {
  const side = { turn: /run$/, functions: /host/, iosPerTurn: 2 };
  const code = functionsOfListing(LISTING);

  it('are counted from the first entry to the last, in its functions only', () => {
    const turn = [0x1000n, 0x1001n, 0x1004n, 0x2000n, 0x2001n, 0x1008n, 0x9999n];
    expect(instructionsPerIo([0x1008n, ...turn, ...turn, 0x1000n, 0x1001n], code, side)).toBe(2);
  });

  it('need a whole turn', () => {
    expect(() => instructionsPerIo([0x1000n, 0x1001n], code, side)).toThrow('no whole turn');
  });
});
