import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AddressOptions } from './addresses.ts';
import { dmaAddress, isPlacedBar } from './addresses.ts';
import { decide } from './decide.ts';
import { RR, rules, ZEN } from './fixture.ts';
import { ERAS } from './host_bridge.ts';
import { parse } from './importers/lspci.ts';
import { writeLspci } from './lspci_writer.ts';
import type { PciFunction, Topology } from './model.ts';
import { ACS_REDIRECT_MASK } from './model.ts';
import { randomMachine } from './random_machine.ts';
import { landingOf, routesFor } from './routes.ts';
import { endpoints } from './tree.ts';

const machines = fc.integer({ min: 0, max: 2 ** 31 }).map((seed) => randomMachine(seed));
const RUNS = { numRuns: 60 };

/** What lspci text carries of a function: no bus addresses, no words. */
function asInText(fn: PciFunction): PciFunction {
  const bars = fn.bars.map((bar) => ({ ...bar, busStart: undefined }));
  return { ...fn, line: undefined, title: undefined, windowView: 'cpu', bars };
}

test('a random tree written as lspci text and read back is the same tree', () => {
  fc.assert(
    fc.property(machines, (topology) => {
      const back = parse(writeLspci(topology), 'text');
      expect(back.functions.map(asInText)).toEqual(topology.functions.map(asInText));
      const usedHostBridges = new Set(topology.functions.map((fn) => fn.hostBridge));
      expect(new Set(back.hostBridges.map((bridge) => bridge.id))).toEqual(usedHostBridges);
    }),
    RUNS,
  );
});

/** A machine and random pairs of its endpoints. */
const populated = machines
  .filter((topology) => endpoints(topology).length > 0)
  .chain((topology) => {
    const one = fc.constantFrom(...endpoints(topology).map((fn) => fn.id));
    const picks = fc.array(fc.tuple(one, one), { minLength: 5, maxLength: 20 });
    return fc.record({ topology: fc.constant(topology), picks });
  });

test('distance and map type are symmetric, as the kernel counts both ways up', () => {
  fc.assert(
    fc.property(populated, fc.constantFrom(...ERAS), ({ topology, picks }, era) => {
      for (const [a, b] of picks) {
        const [there, back] = [
          decide(topology, a, b, rules(ZEN, { era })),
          decide(topology, b, a, rules(ZEN, { era })),
        ];
        expect([there.distance, there.mapType]).toEqual([back.distance, back.mapType]);
        expect(new Set(there.redirects)).toEqual(new Set(back.redirects));
      }
    }),
    RUNS,
  );
});

/** The kernel's loop, written as it stands there, over a machine whose ACS is all known. */
function naive(topology: Topology, provider: string, client: string): string {
  const find = (id: string | null | undefined) => topology.functions.find((fn) => fn.id === id);
  const redirects = (fn: PciFunction): boolean => typeof fn.acs === 'number' && (fn.acs & ACS_REDIRECT_MASK) !== 0;
  let acsCount = 0;
  let distA = 0;
  let distB = 0;
  let common: PciFunction | undefined;
  let a = find(provider);
  while (a && !common) {
    distB = 0;
    if (redirects(a)) acsCount++;
    let bb = find(client);
    while (bb && !common) {
      if (a === bb) common = a;
      else {
        bb = find(bb.parent);
        distB++;
      }
    }
    if (!common) {
      a = find(a.parent);
      distA++;
    }
  }
  if (common) {
    for (let bb = find(client); bb && bb !== common; bb = find(bb.parent)) if (redirects(bb)) acsCount++;
  }
  return `${distA + distB} ${common && acsCount === 0 ? 'BUS_ADDR' : 'THRU_HOST_BRIDGE'}`;
}

test('a verdict is that of the loop in the kernel, written naively', () => {
  fc.assert(
    fc.property(populated, ({ topology, picks }) => {
      const known = {
        ...topology,
        functions: topology.functions.map((fn) => (fn.acs === 'unknown' ? { ...fn, acs: RR } : fn)),
      };
      for (const [a, b] of picks) {
        const { distance, mapType } = decide(known, a, b, rules(ZEN));
        expect(`${distance} ${mapType}`).toBe(naive(known, a, b));
      }
    }),
    RUNS,
  );
});

test('the address the kernel gives for any place in a BAR lands there, from every client that is reached', () => {
  const options: AddressOptions = { ...rules(ZEN), iommuMode: 'off', quirks: [] };
  fc.assert(
    fc.property(populated, fc.double({ min: 0, max: 1, noNaN: true }), ({ topology, picks }, share) => {
      for (const [provider, client] of picks) {
        const windows = routesFor(topology, client, options);
        const bars = topology.functions.find((fn) => fn.id === provider)?.bars.filter(isPlacedBar) ?? [];
        for (const bar of bars) {
          const offset = BigInt(Math.min(bar.bytes - 1, Math.floor(share * bar.bytes)));
          const given = dmaAddress(topology, { device: provider, bar: bar.index, offset }, client, options);
          if (given.address === undefined) continue;
          expect(landingOf(windows, given.address)).toEqual({
            device: provider,
            bar: bar.index,
            cpuAddress: bar.cpuStart + offset,
          });
        }
      }
    }),
    RUNS,
  );
});

test('no two windows of one client overlap, and every byte of one leads to one place', () => {
  const options: AddressOptions = { ...rules(ZEN), iommuMode: 'off', quirks: [] };
  fc.assert(
    fc.property(populated, ({ topology, picks }) => {
      const windows = routesFor(topology, picks[0]?.[0] ?? '', options);
      windows.slice(1).forEach((window, i) => {
        const before = windows[i];
        expect(before && before.busStart + before.bytes <= window.busStart).toBe(true);
      });
    }),
    RUNS,
  );
});
