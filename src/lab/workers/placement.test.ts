import { describe, expect, it } from 'vitest';
import type { DeviceKind } from '../machine/lanes.ts';
import { placeAgents } from './placement.ts';

const lanes = (count: number, kinds: DeviceKind[] = ['nvme']): DeviceKind[][] =>
  Array.from({ length: count }, () => kinds);

const kinds = (placed: DeviceKind[][], cores: number): string[] =>
  placeAgents(placed, cores).workers.map(({ agents }) => agents.map(({ kind, lane }) => `${kind[0]}${lane}`).join(' '));

describe('placement', () => {
  it('gives each side of one queue pair its own core', () => {
    expect(kinds(lanes(1), 2)).toEqual(['h0', 'n0']);
    expect(placeAgents(lanes(1), 2).oversubscribed).toBe(false);
  });

  it('packs more agents than cores onto as many threads as cores, and says so', () => {
    expect(kinds(lanes(4), 2)).toEqual(['h0 h1 h2 h3', 'n0 n1 n2 n3']);
    expect(placeAgents(lanes(4), 2).oversubscribed).toBe(true);
  });

  it('lets all agents take turns on a single core, lane by lane', () => {
    expect(kinds(lanes(1), 1)).toEqual(['h0 n0']);
    expect(placeAgents(lanes(1), 1).oversubscribed).toBe(true);
    expect(kinds(lanes(2, ['nvme', 'rnic']), 1)).toEqual(['h0 n0 r0 h1 n1 r1']);
  });

  it('gives the devices of one lane cores of their own where there are enough, and names threads for what they run', () => {
    const names = (cores: number): string[] =>
      placeAgents(lanes(1, ['nvme', 'rnic']), cores).workers.map(({ name }) => name);
    expect(names(2)).toEqual(['host0', 'nvme+rnic0']);
    expect(names(3)).toEqual(['host0', 'nvme0', 'rnic1']);
    expect(placeAgents(lanes(1, ['nvme', 'nvme']), 2).oversubscribed).toBe(true);
    expect(placeAgents(lanes(1, ['nvme', 'nvme']), 3).oversubscribed).toBe(false);
  });

  it('never starts more threads than cores or agents, and places every agent once', () => {
    for (const devices of [['nvme'], ['nvme', 'nvme'], ['nvme', 'rnic']] satisfies DeviceKind[][]) {
      for (let count = 1; count <= 9; count++) {
        for (let cores = 1; cores <= 9; cores++) {
          const { workers } = placeAgents(lanes(count, devices), cores);
          const agents = count * (1 + devices.length);
          expect(workers.length).toBeLessThanOrEqual(Math.max(1, Math.min(cores, agents)));
          const all = workers.flatMap((worker) => worker.agents.map((agent) => JSON.stringify(agent)));
          expect(new Set(all).size).toBe(agents);
          expect(all).toHaveLength(agents);
        }
      }
    }
  });
});
