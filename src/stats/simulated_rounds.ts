// Test support: rounds as a shared machine produces them. Both arms of a round share its drift and bursts; each has its own noise
// and now and then a slow spike. The statistics' claims (coverage, false verdicts) are tested on such rounds.
import type { Random } from '../base/random.ts';

export interface SimulationModel {
  /** Rounds in each process. */
  rounds: number;
  /** Processes, 1 unless told. */
  processes?: number;
  /** True ln(a/b), 0 unless told. */
  difference?: number;
  /** Standard deviation of an arm's own level from process to process, log units, 0 unless told. */
  processSd?: number;
  /** How many times more often arm a spikes than arm b, 1 unless told. */
  spikeFactor?: number;
}

export interface SimulatedRounds {
  a: number[];
  b: number[];
  /** Process of each round. */
  processes: number[];
}

const NOISE_SD = 0.02;
const SPIKE_CHANCE = 0.06;
const SPIKE_MAX = 0.25;

/** Rates (higher is better) of two arms over all rounds of all processes. */
export function simulateRounds(model: SimulationModel, random: Random): SimulatedRounds {
  const { rounds, processes = 1, difference = 0, processSd = 0, spikeFactor = 1 } = model;
  const result: SimulatedRounds = { a: [], b: [], processes: [] };
  for (let process = 0; process < processes; process++) {
    const levelA = difference + processSd * random.normal();
    const levelB = processSd * random.normal();
    let drift = 0;
    for (let round = 0; round < rounds; round++) {
      drift += 0.01 * random.normal();
      const shared = drift - (random.unit() < 0.1 ? 0.1 * random.unit() : 0);
      result.a.push(Math.exp(shared + levelA + ownNoise(random, SPIKE_CHANCE * spikeFactor)));
      result.b.push(Math.exp(shared + levelB + ownNoise(random, SPIKE_CHANCE)));
      result.processes.push(process);
    }
  }
  return result;
}

function ownNoise(random: Random, spikeChance: number): number {
  return NOISE_SD * random.normal() - (random.unit() < spikeChance ? SPIKE_MAX * random.unit() : 0);
}
