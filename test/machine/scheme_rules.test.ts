// What sets the schemes apart besides what they touch: where their addresses are right, what their faults do, what they
// keep in memory.
import { describe, expect, it } from 'vitest';
import { PackedPhysVec, PhysVec } from '../../build/layout.ts';
import { GIB, KIB, MIB } from '../../src/base/units.ts';
import { sharedMemory } from '../../src/lab/machine/arena.ts';
import { hostModule } from '../../src/lab/machine/modules.ts';
import { takeLandings } from '../../src/lab/machine/queue_state.ts';
import { DEFAULT_RULES, type Fabric, oneSwitch, presetFabric, reaches52 } from '../../src/plan/fabric.ts';
import { misdirectionLines } from '../../src/topology/routes.ts';
import { expectedOf } from '../support/expected.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const readsAndWrites = (): TestIo[] =>
  Array.from({ length: 64 }, (_, i) => ({
    op: i % 2 ? 'write' : 'read',
    lba: i * 8,
    bytes: 4 * KIB,
    buffer: i * 256 * KIB,
  }));

/** Lines about transfers that missed the provider's BAR; with none, the data was right. */
function misdirected(scheme: string, fabricOf: (barBytes: number, ramBytes: number) => Fabric): string[] {
  const small = smallMachine({ payload: 'verify', fabricOf });
  small.stream(readsAndWrites());
  const outcome = small.run(scheme, 'fixed', 64);
  const { provider } = small.machine.spec.fabric;
  const lines = misdirectionLines(provider, takeLandings(small.machine, outcome.unclaimed), 'transfers');
  if (outcome.refused !== undefined) return [`refused: ${outcome.refused}`];
  if (lines.length === 0) expect(outcome).toMatchObject({ errors: 0, verifyErrors: 0 });
  expect(small.leftovers()).toEqual([]);
  return lines;
}

const preset = (name: string) => (barBytes: number, ramBytes: number) =>
  presetFabric(name, barBytes, ramBytes, DEFAULT_RULES);

describe('addresses', () => {
  it('are right under one switch in every scheme', () => {
    for (const scheme of soundVariants())
      expect([scheme, misdirected(scheme, preset('one-switch'))]).toEqual([scheme, []]);
  });

  it.each(soundVariants())('of %s across host bridges are as its mapping asks for provider and client', (scheme) => {
    const lines = misdirected(scheme, preset('two-host-bridges'));
    const { acrossBridges } = expectedOf(scheme);
    if (acrossBridges === 'right') expect(lines).toEqual([]);
    else if (acrossBridges === 'astray') expect(lines[0]).toMatch(/^misdirected: 32 of 64/);
    else expect(lines).toEqual([`refused: ${acrossBridges}`]);
  });
});

describe('the verdict of an era', () => {
  it("is each arm's own on one machine: 5.2 knows no Intel host bridge, 6.12 allows it", () => {
    const fabric = preset('two-sockets')(16 * MIB, 16 * MIB);
    expect([fabric.mapType, fabric.reachable52]).toEqual(['THRU_HOST_BRIDGE', false]);
    expect(misdirected('page@5.2', preset('two-sockets'))).toEqual(['refused: EINVAL']);
    for (const scheme of ['page', 'page@6.17', 'phys', 'provider', 'dma_vec']) {
      expect([scheme, misdirected(scheme, preset('two-sockets'))]).toEqual([scheme, []]);
    }
    // A proposal's orchestrator is the run's: that of 5.2 refuses it too.
    const in52 = (barBytes: number, ramBytes: number): Fabric =>
      presetFabric('two-sockets', barBytes, ramBytes, { ...DEFAULT_RULES, era: '5.2' });
    expect(misdirected('dma_vec', in52)).toEqual(['refused: EINVAL']);
    expect(misdirected('page', in52)).toEqual([]);
  });

  it('has the map types of 6.12 beside 5.2, and follows the IOMMU rule of 5.2', () => {
    const fabricIn = (era: '5.2' | '6.12', iommuMode: 'off' | 'passthrough'): Fabric =>
      presetFabric('two-root-ports', 16 * MIB, 16 * MIB, {
        ...DEFAULT_RULES,
        era,
        iommuMode,
        iommu: iommuMode !== 'off',
      });
    for (const era of ['5.2', '6.12'] as const) {
      const [off, on] = [fabricIn(era, 'off'), fabricIn(era, 'passthrough')];
      expect([off.mapType, on.mapType]).toEqual(['THRU_HOST_BRIDGE', 'THRU_HOST_BRIDGE']);
      expect([reaches52(off, off), reaches52(on, on)]).toEqual([true, false]);
    }
  });
});

describe('dma_vec as posted', () => {
  /** One 8 KiB I/O whose buffer crosses 4 GiB on the bus. */
  function crossing(scheme: string) {
    const small = smallMachine({
      payload: 'verify',
      barBytes: 8 * GIB,
      barWindowBytes: 16 * MIB,
      iodepth: 1,
      batch: 1,
    });
    small.stream([{ op: 'read', lba: 0, bytes: 8 * KIB, buffer: 4 * GIB - 4 * KIB }]);
    expect(small.run(scheme, 'fixed', 1)).toMatchObject({ errors: 0, verifyErrors: 0 });
    const { segments, boundaryCrossings } = small.counters();
    return { segments, boundaryCrossings };
  }

  it('takes a vector for one segment when the low half of its address wraps, and hands over a segment that crosses 4 GiB', () => {
    expect(crossing('dma_vec')).toEqual({ segments: 2, boundaryCrossings: 0 });
    expect(crossing('dma_vec@rfc-as-posted')).toEqual({ segments: 1, boundaryCrossings: 1 });
  });

  it('is right for every other buffer', () => {
    expect(misdirected('dma_vec@rfc-as-posted', preset('one-switch'))).toEqual([]);
  });
});

describe('sgl with a driver that takes CPU addresses', () => {
  const PAGE_OFFSET = 0xffff_8880_0000_0000n;
  /** As HFI: the driver's own map functions hand out kernel virtual addresses, and RAM is found there. */
  const virt = (barBytes: number, ramBytes: number): Fabric => {
    const fabric = oneSwitch(barBytes, ramBytes);
    const windows = fabric.windows
      .filter(({ target }) => target === 'ram')
      .map((window) => ({ ...window, busStart: window.busStart + PAGE_OFFSET }));
    return { ...fabric, clientDmaOps: 'virt', windows };
  };
  const outcome = (scheme: string, inRam: boolean) => {
    const small = smallMachine({ payload: 'verify', fabricOf: virt });
    small.stream(readsAndWrites().map((io) => ({ ...io, inRam })));
    const result = small.run(scheme, 'fixed', 64);
    expect(small.leftovers()).toEqual([]);
    return result;
  };

  it('carries host RAM, and refuses P2P because the ops are not p2p_supported', () => {
    expect(outcome('sgl', true)).toMatchObject({ errors: 0, verifyErrors: 0 });
    expect(outcome('sgl', false)).toMatchObject({ errors: 64, refused: 'EINVAL', unclaimed: 0 });
  });

  it('without the flag gives the driver a bus address, which leads nowhere and is reported', () => {
    const result = outcome('sgl@no-p2p-flag', false);
    expect(result).toMatchObject({ errors: 64, refused: undefined, unclaimed: 64 });
    expect(result.firstUnclaimed).toBe(`0x${virt(16 * MIB, 16 * MIB).barBus.toString(16)}`);
  });
});

describe('memory', () => {
  const memory = sharedMemory();
  const bytesOf = (scheme: string, barBytes: number): [memmap: number, mapState: number, attach: number] => {
    const host = hostModule(scheme, memory);
    return [host.memmapBytes(barBytes), host.mapStateBytes(barBytes), host.attachBytes(barBytes)];
  };

  it.each(soundVariants())('of %s is that of the kernel structures for one provider and one client', (scheme) => {
    const { memmap, mapState, attach } = expectedOf(scheme).memory;
    for (const barBytes of [2 * MIB, 200 * MIB, GIB, 8 * GIB, 16 * GIB, 64 * GIB])
      expect([barBytes, ...bytesOf(scheme, barBytes)]).toEqual([
        barBytes,
        memmap(barBytes),
        mapState(barBytes),
        attach(barBytes),
      ]);
  });

  it('holds 256 vectors of 16 bytes in a page, or 341 of 12', () => {
    expect(Math.floor(4096 / PhysVec.bytes)).toBe(256);
    expect(Math.floor(4096 / PackedPhysVec.bytes)).toBe(341);
    expect(256 * PackedPhysVec.bytes).toBe(3072);
  });
});
