import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Draft } from './assemble.ts';
import { decideFunctions } from './decide.ts';
import type { PairEntry, TopologyDocument } from './document.ts';
import { documentText, MAX_PLAIN_FUNCTIONS, topologyDocument } from './document.ts';
import { endpointAt, hostAt, INTEL, machine, portAt, RR, rules, ZEN } from './fixture.ts';
import { foldedVerdicts, foldFunctions } from './fold.ts';
import type { Era } from './host_bridge.ts';
import { ERAS } from './host_bridge.ts';
import { bottleneckOf } from './links.ts';
import { localityOf } from './locality.ts';
import type { PciFunction, Topology } from './model.ts';
import { randomMachine } from './random_machine.ts';
import { endpoints, findFunction } from './tree.ts';
import { topologyReport } from './view/report.ts';
import { PLAIN } from './view/style.ts';

const view = { style: PLAIN, width: 100, all: false, pageBytes: 4096 };

/** What is claimed to be equal for all pairs of one entry. */
function answer(topology: Topology, provider: PciFunction, client: PciFunction, era: Era): unknown[] {
  const verdict = decideFunctions(topology, provider, client, rules(ZEN, { era }));
  const { distance, mapType, ground, redirects, acsUnknown } = verdict;
  const locality = localityOf(topology, verdict);
  const link = bottleneckOf(topology, verdict)?.link.gbPerS.toPrecision(6);
  return [distance, mapType, ground, redirects.length, acsUnknown.length, locality, link];
}

function stepsUp(parents: ReadonlyMap<string, string | null>, from: string, to: string): number | null {
  const above = new Set<string>();
  for (let at: string | null | undefined = to; at != null; at = parents.get(at)) above.add(at);
  let steps = 0;
  for (let at: string | null | undefined = from; at != null; at = parents.get(at), steps++)
    if (above.has(at)) return steps;
  return null;
}

/** Expands a document by what it says alone. */
function expansion(document: TopologyDocument): (a: string, b: string) => PairEntry | undefined {
  const groupOf = new Map((document.groups ?? []).flatMap((ids, i) => ids.map((id) => [id, i] as const)));
  const parents = new Map(document.devices.map(({ id, parent }) => [id, parent]));
  const key = (a: string, b: string, up: number | null | undefined) => `${groupOf.get(a)} ${groupOf.get(b)} ${up}`;
  const entries = new Map(document.pairs.map((pair) => [key(pair.provider, pair.client, pair.up), pair]));
  return (a, b) => {
    const isApart = a.split(':')[0] !== b.split(':')[0];
    const up = (x: string, y: string): number | null => (isApart ? null : stepsUp(parents, x, y));
    return entries.get(key(a, b, up(a, b))) ?? entries.get(key(b, a, up(b, a)));
  };
}

test('the verdicts of groups, expanded again, are those of every pair', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.constantFrom(...ERAS), (seed, era) => {
      const topology = equalPorts(randomMachine(seed), seed);
      const folding = foldFunctions(topology);
      const groupOf = new Map(folding.groups.flatMap(({ functions }, i) => functions.map((fn) => [fn.id, i] as const)));
      const seen = new Map<string, number>();
      const folded = new Map<string, { answer: unknown[]; pairs: number }>();
      for (const { verdict, providers, clients, up, pairs } of foldedVerdicts(folding, rules(ZEN, { era }))) {
        const [a, b] = [verdict.provider, verdict.client].map((id) => findFunction(topology, id));
        if (!a || !b) throw new Error('a pair of nothing');
        folded.set(`${providers} ${clients} ${up}`, { answer: answer(topology, a, b, era), pairs });
      }
      for (const a of endpoints(topology)) {
        for (const b of endpoints(topology)) {
          const [i, j] = [groupOf.get(a.id) ?? -1, groupOf.get(b.id) ?? -1];
          const [lower, upper] = i <= j ? [a, b] : [b, a];
          const verdict = decideFunctions(topology, lower, upper, rules(ZEN, { era }));
          const key = `${Math.min(i, j)} ${Math.max(i, j)} ${verdict.common === null ? null : verdict.up.length - 1}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          expect(folded.get(key)?.answer).toEqual(answer(topology, a, b, era));
        }
      }
      expect(new Map([...folded].map(([key, { pairs }]) => [key, pairs]))).toEqual(seen);
    }),
    { numRuns: 60, seed: 7 },
  );
});

/** Random machines rarely have equal ports: ACS and links of half of them are made alike. */
function equalPorts(topology: Topology, seed: number): Topology {
  if (seed % 2 === 0) return topology;
  const functions = topology.functions.map((fn): PciFunction => {
    const acs = seed % 3 === 0 && fn.portType === 'downstream' ? RR : 'absent';
    return { ...fn, acs, link: undefined, numaNode: undefined };
  });
  return { ...topology, functions };
}

/** Ports of a switch or root ports, each with a device of `functions` functions. */
function manyPorts(portType: 'root-port' | 'downstream', ports: number, functions: number): Topology {
  const drafts: Draft[] = [hostAt('00:00.0')];
  const perBus = portType === 'downstream' ? ports : 160;
  const isSwitch = portType === 'downstream';
  for (let first = 0, domain = 0; first < ports; first += perBus, domain++) {
    const id = (bus: number, devfn: number): string =>
      `${domain.toString(16).padStart(4, '0')}:${hex2(bus)}:${hex2(devfn >> 3)}.${devfn & 7}`;
    const count = Math.min(perBus, ports - first);
    const [portBus, base] = isSwitch ? [2, 3] : [0, 1];
    if (isSwitch)
      drafts.push(portAt(id(0, 8), 'root-port', [1, 2 + count]), portAt(id(1, 0), 'upstream', [2, 2 + count]));
    for (let port = 0; port < count; port++) {
      drafts.push(portAt(id(portBus, port + 8), portType, [base + port, base + port], RR));
      for (let f = 0; f < functions; f++) drafts.push(endpointAt(id(base + port, f)));
    }
  }
  return machine(drafts);
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, '0');
}

describe('functions each on a port of its own', () => {
  test.each([
    ['ports of a switch', manyPorts('downstream', 240, 1), 240],
    ['two functions on each port of a switch', manyPorts('downstream', 160, 2), 320],
    ['root ports of two domains', manyPorts('root-port', 320, 1), 320],
  ])('%s share a row', (_, topology, count) => {
    const document = topologyDocument(topology, rules(INTEL), 4096);
    expect(endpoints(topology).length).toBeGreaterThan(MAX_PLAIN_FUNCTIONS);
    expect(document.groups?.length).toBeLessThanOrEqual(3);
    expect(document.pairs.length).toBeLessThanOrEqual(8);
    expect(document.pairs.reduce((sum, { pairs }) => sum + (pairs ?? 0), 0)).toBe((count + 1) ** 2);
    expect([...documentText(document)].join('').length).toBeLessThan(2 ** 20);
    const entryOf = expansion(document);
    const functions = endpoints(topology);
    for (const a of functions.filter((_fn, i) => i % 7 === 0)) {
      for (const b of functions) {
        const { distance, mapType } = decideFunctions(topology, a, b, rules(INTEL));
        expect(entryOf(a.id, b.id)).toMatchObject({ distance, mapType });
      }
    }
    const rows = topologyReport(topology, rules(INTEL), view)
      .split('\n')
      .filter((line) => /^ +\d+ +[BHx?]/.test(line));
    expect(rows.length).toBeLessThanOrEqual(3);
  });

  test('are folded where the settings for dozens of ports would be told for thousands of pairs', () => {
    const document = topologyDocument(manyPorts('downstream', 90, 1), rules(INTEL), 4096);
    expect(document.groups).toHaveLength(2);
    expect([...documentText(document)].join('').length).toBeLessThan(2 ** 18);
    expect(topologyDocument(manyPorts('downstream', 10, 1), rules(INTEL), 4096).pairs).toHaveLength(121);
  });

  test('are told apart by ACS of the port and by its link', () => {
    const plain = manyPorts('downstream', 8, 1);
    const differ = (more: (fn: PciFunction, i: number) => Partial<PciFunction>): number =>
      foldFunctions({ ...plain, functions: plain.functions.map((fn, i) => ({ ...fn, ...more(fn, i) })) }).groups.length;
    const isFirstPort = (fn: PciFunction): boolean => fn.id === '0000:02:01.0';
    expect(foldFunctions(plain).groups).toHaveLength(2);
    expect(differ((fn) => (isFirstPort(fn) ? { acs: 0 } : {}))).toBe(3);
    expect(differ((fn) => (isFirstPort(fn) ? { acs: 'unknown' } : {}))).toBe(3);
    expect(differ((fn) => (isFirstPort(fn) ? { link: { gtPerS: 8, width: 4, gbPerS: 3.94 } } : {}))).toBe(3);
  });
});
