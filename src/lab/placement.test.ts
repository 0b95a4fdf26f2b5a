import { describe, expect, it } from 'vitest';
import { placeAgents } from './placement.ts';

const kinds = (queues: number, cores: number): string[] =>
  placeAgents(queues, cores).workers.map(({ agents }) =>
    agents.map(({ kind, queue }) => `${kind[0]}${queue}`).join(' '),
  );

describe('placement', () => {
  it('gives each side of one queue pair its own core', () => {
    expect(kinds(1, 2)).toEqual(['h0', 'd0']);
    expect(placeAgents(1, 2).oversubscribed).toBe(false);
  });

  it('packs more agents than cores onto as many threads as cores, and says so', () => {
    expect(kinds(4, 2)).toEqual(['h0 h1 h2 h3', 'd0 d1 d2 d3']);
    expect(placeAgents(4, 2).oversubscribed).toBe(true);
  });

  it('lets both sides take turns on a single core', () => {
    expect(kinds(1, 1)).toEqual(['h0 d0']);
    expect(placeAgents(1, 1).oversubscribed).toBe(true);
  });

  it('never starts more threads than cores or agents, and places every agent once', () => {
    for (let queues = 1; queues <= 9; queues++) {
      for (let cores = 1; cores <= 9; cores++) {
        const { workers } = placeAgents(queues, cores);
        expect(workers.length).toBeLessThanOrEqual(Math.max(1, Math.min(cores, 2 * queues)));
        const all = workers.flatMap(({ agents }) => agents.map(({ kind, queue }) => `${kind}${queue}`));
        expect(new Set(all).size).toBe(2 * queues);
        expect(all).toHaveLength(2 * queues);
      }
    }
  });
});
