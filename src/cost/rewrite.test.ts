// Instrumented modules do what the plain ones do, and their hooks see every access of memory in its order.
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DeviceModule, HostModule } from '../../build/exports.ts';
import { smallMachine } from '../../test/support/small_machine.ts';
import { KIB } from '../base/units.ts';
import { compileTarget } from '../compile/compile.ts';
import { setBuffers } from '../lab/machine/build_machine.ts';
import { moduleBytes } from '../lab/machine/modules.ts';
import { takeOutcome } from '../lab/machine/queue_state.ts';
import { runInlineSlice } from '../lab/workers/inline.ts';
import { type Hooks, instantiateInstrumented, instrument } from './instrument.ts';
import { blockRuns, opsOf, type Rewritten, rewrite, SITE_SHIFT } from './rewrite.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Every family of accesses, and the ways a block can end. */
const SOURCE = `
@external("env", "say") declare function say(value: i32): void;
function twice(x: i32): i32 { return x * 2; }
function thrice(x: i32): i32 { return x * 3; }
let chosen: i32 = 7;
export function plain(at: usize): i64 {
  store<u8>(at, 1, 3); store<u16>(at, 2, 4); store<u32>(at, 3, 8); store<u64>(at, 4, 16); store<f32>(at, 5, 24); store<f64>(at, 6, 32);
  return <i64>load<i8>(at, 3) + <i64>load<u16>(at, 4) + <i64>load<u32>(at, 8) + load<i64>(at, 16) + <i64>load<f32>(at, 24) + <i64>load<f64>(at, 32);
}
export function atomics(at: usize): i64 {
  let sum: i64 = <i64>atomic.add<u32>(at, 5) + <i64>atomic.cmpxchg<u32>(at, 5, 9) + <i64>atomic.xchg<u8>(at, 3);
  sum += atomic.add<i64>(at, 1, 8) + atomic.cmpxchg<i64>(at, 1, 2, 8) + <i64>atomic.load<u16>(at, 2);
  atomic.store<i64>(at, 77, 16);
  return sum + <i64>atomic.notify(at, 1) + <i64>atomic.wait<i32>(at, 1, 0) + <i64>atomic.wait<i64>(at + 8, 1, 0);
}
export function ranges(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes);
  memory.fill(from, 9, bytes);
}
export function vectors(at: usize): i32 {
  let v = v128.load(at, 16);
  v = v128.load_lane<u8>(at, v, 2, 5);
  v128.store(at, v128.add<i32>(v, v128.load_splat<u32>(at)), 48);
  v128.store_lane<u64>(at, v, 1, 80);
  return i32x4.extract_lane(v, 0);
}
export function control(at: usize, count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (i % 3 == 0) { sum += load<i32>(at); continue; }
    switch (i & 7) { case 1: sum += twice(i); break; case 2: say(sum); break; case 4: return sum + chosen; default: store<i32>(at, sum); }
  }
  const f: (x: i32) => i32 = sum > 3 ? twice : thrice;
  chosen = f(sum);
  return chosen;
}`;

interface Event {
  address: number;
  site: number;
  bytes: number | undefined;
}

/** The functions above, plain and instrumented, over memories with the same bytes. */
function both(bytes: Uint8Array): {
  plain: WebAssembly.Exports;
  traced: WebAssembly.Exports;
  memories: WebAssembly.Memory[];
  events: Event[];
  said: number[][];
  rewritten: Rewritten;
} {
  const rewritten = rewrite(bytes, 100);
  const events: Event[] = [];
  const said: number[][] = [[], []];
  const cost: Hooks = {
    access: (address, site) => void events.push({ address, site: site >>> SITE_SHIFT, bytes: undefined }),
    range: (address, site, length) => void events.push({ address, site: site >>> SITE_SHIFT, bytes: length }),
  };
  const [plain, traced] = [bytes, rewritten.bytes].map((code, index) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code)), {
      env: { memory, say: (value: number) => void said[index]?.push(value), abort: () => undefined },
      cost: { ...cost },
    });
    return { memory, exports: instance.exports };
  }) as [
    { memory: WebAssembly.Memory; exports: WebAssembly.Exports },
    { memory: WebAssembly.Memory; exports: WebAssembly.Exports },
  ];
  return {
    plain: plain.exports,
    traced: traced.exports,
    memories: [plain.memory, traced.memory],
    events,
    said,
    rewritten,
  };
}

describe('a small module', () => {
  let code: Uint8Array;
  beforeAll(async () => {
    const entry = 'src/machine/example.ts';
    code = await compileTarget(ROOT, {
      name: 'example',
      entry,
      overlay: { [entry]: SOURCE },
      counting: false,
      constants: {},
    });
  });

  /** Calls one function in both, and gives what the hooks saw: kind, address, bytes. */
  function call(module: ReturnType<typeof both>, name: string, ...args: number[]): string[] {
    module.events.length = 0;
    const [a, b] = [module.plain, module.traced].map((exports) =>
      (exports[name] as (...words: number[]) => unknown)(...args),
    );
    expect(b).toEqual(a);
    const [one, other] = module.memories.map(({ buffer }) => Buffer.from(new Uint8Array(buffer)));
    expect((one as Buffer).equals(other as Buffer)).toBe(true);
    expect(module.said[1]).toEqual(module.said[0]);
    return module.events.map(({ address, site, bytes }) => {
      const found = module.rewritten.sites[site - 100];
      return `${found?.kind} ${address} ${bytes ?? found?.bytes}`;
    });
  }

  it('tells each plain access with its width', () => {
    const seen = call(both(code), 'plain', 1000);
    const places = [
      [3, 1],
      [4, 2],
      [8, 4],
      [16, 8],
      [24, 4],
      [32, 8],
    ] as const;
    const as = (kind: string): string[] => places.map(([offset, bytes]) => `${kind} ${1000 + offset} ${bytes}`).sort();
    expect(seen.filter((event) => event.startsWith('store')).sort()).toEqual(as('store'));
    // What was stored need not be loaded: the optimiser knows.
    for (const event of seen.filter((each) => each.startsWith('load'))) expect(as('load')).toContain(event);
  });

  it('tells atomic operations, waits and notifications', () => {
    expect(call(both(code), 'atomics', 512)).toEqual([
      ...['update 512 4', 'update 512 4', 'update 512 1', 'update 520 8', 'update 520 8', 'load 514 2'],
      ...['atomic-store 528 8', 'load 512 4', 'load 512 4', 'load 520 8'],
    ]);
  });

  it('tells ranges with their length, what is read before what is written', () => {
    expect(call(both(code), 'ranges', 4096, 8192, 300)).toEqual(['load 8192 300', 'store 4096 300', 'store 8192 300']);
    expect(call(both(code), 'ranges', 4096, 8192, 0)).toEqual(['load 8192 0', 'store 4096 0', 'store 8192 0']);
  });

  it('tells accesses of vectors and of their lanes', () => {
    expect(call(both(code), 'vectors', 256)).toEqual(
      expect.arrayContaining(['load 272 16', 'load 261 1', 'load 256 4', 'store 304 16', 'store 336 8']),
    );
  });

  it('follows loops, switches, calls, tables and globals, and counts each block as often as it runs', () => {
    const module = both(code);
    for (const count of [0, 1, 3, 4, 5, 40]) call(module, 'control', 64, count);
    const runs = blockRuns(module.traced, module.rewritten);
    const ops = module.rewritten.blocks.reduce(
      (sum, block, i) => sum + BigInt(block.ops.length) * (runs[i] as bigint),
      0n,
    );
    expect(opsOf(module.traced)).toBe(ops);
    expect(ops).toBeGreaterThan(100n);
  });

  it('is refused where it has what nobody counts, or is none', () => {
    expect(() => rewrite(new TextEncoder().encode('not wasm'))).toThrow('not a WebAssembly module');
    // (func (v128.const 0; v128.const 0; i8x16.relaxed_swizzle; drop))
    const body = [0xfd, 12, ...Array(16).fill(0), 0xfd, 12, ...Array(16).fill(0), 0xfd, 0x80, 0x02, 0x1a, 0x0b];
    const module = [
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      4,
      1,
      0x60,
      0,
      0,
      3,
      2,
      1,
      0,
      10,
      body.length + 3,
      1,
      body.length + 1,
      0,
    ];
    expect(() => rewrite(Uint8Array.from([...module, ...body]))).toThrow('opcode 0xfd 256 at byte');
  });
});

describe("the machine's modules", () => {
  it('are valid when they are instrumented, with a function name for each function', () => {
    for (const name of ['host.page', 'host.dma_vec', 'device', 'rnic', 'setup', 'probes']) {
      const plain = moduleBytes(name);
      const { bytes, shape } = rewrite(plain);
      expect(WebAssembly.validate(bytes), name).toBe(true);
      const names = ({ names: known }: typeof shape): string[] => [...known.values()];
      const again = rewrite(bytes.slice()).shape;
      expect(names(again)).toEqual(names(shape));
      // Hooks lie between the imported functions and the module's own.
      for (const [index, name] of shape.names)
        expect(again.names.get(index < shape.importedFunctions ? index : index + 2)).toBe(name);
    }
  });

  for (const [scheme, buffers] of [
    ['page', 'user'],
    ['dma_vec', 'fixed'],
    ['page', 'pool'],
  ] as const) {
    it(`leave the same memory behind as the plain ones: ${scheme}/${buffers}`, () => {
      const ends = [false, true].map((traced) => {
        const small = smallMachine({ payload: 'move' });
        small.stream(
          Array.from({ length: 64 }, (_, i) => ({
            op: i % 3 === 0 ? ('write' as const) : ('read' as const),
            lba: ((i * 37) % 64) * 8,
            bytes: (1 + (i % 3)) * 4 * KIB,
            buffer: ((i * 29) % 512) * 4 * KIB * 4,
          })),
        );
        let accesses = 0;
        const hooks: Hooks = { access: () => void accesses++, range: () => void accesses++ };
        // Without hooks a plain module; both are told the same time.
        const make = (name: string) =>
          traced
            ? instantiateInstrumented<'host'>(instrument(name), small.memory, hooks, () => 0).exports
            : plainInstance(name, small.memory);
        const host = make(`host.${scheme}`);
        const device = make('device') as unknown as DeviceModule;
        host.setup(small.machine.at);
        setBuffers(small.machine, buffers);
        const { view, lanes } = small.machine;
        const result = runInlineSlice({
          view,
          lanes,
          host,
          device: () => device,
          streamStart: 0,
          leadIos: 0,
          measureIos: 500,
        });
        expect({ ios: result.ios, errors: takeOutcome(small.machine).errors }).toEqual({ ios: 500, errors: 0 });
        if (traced) expect(accesses).toBeGreaterThan(500 * 100);
        return Buffer.from(new Uint8Array(small.memory.buffer));
      });
      expect((ends[0] as Buffer).equals(ends[1] as Buffer)).toBe(true);
    });
  }
});

function plainInstance(name: string, memory: WebAssembly.Memory): HostModule {
  const imports = { env: { memory, abort: () => undefined }, lab: { now: () => 0 } };
  const module = new WebAssembly.Module(moduleBytes(name));
  return new WebAssembly.Instance(module, imports).exports as unknown as HostModule;
}
