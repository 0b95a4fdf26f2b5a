// Removal against submission and revocation against completion, in random interleavings in one thread and on threads with
// random delays: every outcome must be in the table, and inline every row of it must come up.
import { afterAll, describe, expect, it } from 'vitest';
import { BusWindow, HostQueue, Lifetime, RULE_HOLDERS, RULE_NONE } from '../../build/layout.ts';
import { seededRandom } from '../../src/base/random.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field } from '../../src/lab/machine/fields.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { type Crew, closePool, startCrew } from '../../src/lab/workers/crew.ts';
import { hitsOf, providerWindows, REMOVAL } from '../../src/lab/workers/removal.ts';
import { effort } from '../support/effort.ts';
import { armsRemoved } from '../support/expected.ts';
import { removalStream, removeInline } from '../support/removal.ts';
import { type SmallMachine, type SmallSpec, smallMachine } from '../support/small_machine.ts';
import { outcomeOf, type RemovedRun } from './fates.ts';
import { REMOVAL_AGAINST_SUBMISSION, REVOCATION_AGAINST_COMPLETION } from './outcomes.ts';

afterAll(closePool);

const RACES = [...REMOVAL_AGAINST_SUBMISSION, ...REVOCATION_AGAINST_COMPLETION].map((race) => ({
  ...race,
  arms: armsRemoved((removal) => removal.race === race.race),
}));
type Arms = (typeof RACES)[number]['arms'];
const SMALL: SmallSpec = {
  payload: 'move',
  barBytes: 2 * MIB,
  ramBytes: 2 * MIB,
  mediaBytes: 2 * MIB,
  mdtsBytes: 16 * KIB,
};
/** Runs of each race; the tables are full long before. */
const INLINE_RUNS = 1200;
const THREAD_RUNS = effort(8, 25);

/** Few I/Os, so that the removal meets their first and their last as often as those between. */
function drawRun(seed: number) {
  const random = seededRandom(seed);
  const iodepth = random.unit() < 0.4 ? 1 : 1 + random.below(16);
  const machine = {
    ...SMALL,
    iodepth,
    batch: 1 + random.below(iodepth),
    depthEntries: [8, 16, 64][random.below(3)] as number,
  };
  return { seed, machine, at: random.unit() * 1.4 - 0.2, ios: 2 + random.below(random.unit() < 0.5 ? 6 : 30) };
}

function inlineOutcome(
  scheme: string,
  buffers: 'pool' | 'fixed' | 'user',
  seed: number,
): { outcome: string; errno: string | undefined } {
  const { at, ...drawn } = drawRun(seed);
  const run = removeInline(scheme, buffers, { ...drawn, at: Math.min(at, 0.999) });
  expect(run.leftovers).toEqual([]);
  expect(run.ok + run.refused + run.deviceErrors).toBe(run.ios);
  const outcome = outcomeOf({
    ios: run.ios,
    okBefore: run.okAtStart,
    okDraining: run.okAtGone - run.okAtStart,
    okAfter: run.ok - run.okAtGone,
    refusals: run.refused - run.mapRefusals,
    mapRefusals: run.mapRefusals,
    deviceFailures: run.deviceErrors,
    landedElsewhere: run.landedElsewhere,
  });
  return { outcome, errno: run.errno };
}

describe.each(RACES)('inline, $name', ({ arms, allowed }) => {
  it('has only the outcomes of the table, and all of them', () => {
    const seen = new Set<string>();
    const strange: string[] = [];
    for (let seed = 1; seed <= INLINE_RUNS; seed++) {
      const [scheme, buffers, { errno }] = arms[seed % arms.length] as Arms[number];
      const run = inlineOutcome(scheme, buffers, seed);
      if (!allowed.includes(run.outcome)) strange.push(`${scheme}/${buffers}, seed ${seed}: ${run.outcome}`);
      if (run.errno !== undefined) expect(run.errno).toBe(errno);
      seen.add(run.outcome);
      if (seen.size === allowed.length && seed >= 8 * arms.length) break;
    }
    expect(strange).toEqual([]);
    expect([...seen].sort()).toEqual([...allowed].sort());
  }, 60_000);
});

const LANES = 2;

function threadMachine(): SmallMachine {
  const small = smallMachine({ ...SMALL, iodepth: 8, batch: 4, depthEntries: 8, queueCount: LANES, workers: 8 });
  for (let lane = 0; lane < LANES; lane++) {
    const ios = removalStream().map((io) => ({ ...io, buffer: (io.buffer % (512 * KIB)) + lane * MIB }));
    small.stream(ios, lane);
  }
  return small;
}

/** One removal with all agents and the remover on threads of their own, each delayed at random. */
async function onThreads(
  small: SmallMachine,
  crew: Crew,
  arm: number,
  module: string,
  seed: number,
): Promise<RemovedRun> {
  const { machine } = small;
  const { view } = machine;
  const random = seededRandom(seed);
  const host = small.host(module);
  const windows = providerWindows(machine);
  const saved = windows.map((window) => view.u8.slice(window, window + BusWindow.bytes));
  host.plugIn(machine.at);
  const rule = host.removalRule(machine.at);
  if (rule === RULE_HOLDERS) host.hold(machine.at, LANES);
  const removal = {
    at: random.unit() * 0.99,
    interleaveSeed: seed * 64,
    mostDelayUs: [0, 20, 200][random.below(3)] as number,
  };
  const result = await crew.run({
    mode: 'threads',
    arm,
    streamStart: 0,
    leadIos: 0,
    measureIos: 4 + random.below(100),
    removal,
  });
  expect(result.complete).toBe(true);
  const mapRefusals = machine.queues.reduce((sum, queue) => sum + field(view, queue.host, HostQueue.mapRefusals), 0);
  const outcome = takeOutcome(machine);
  const completed = machine.lanes.reduce((sum, { front }) => sum + field(view, front, HostQueue.completed), 0);
  const word = (index: number): number => view.f64[index] as number;
  const landedElsewhere = hitsOf(view, windows) - word(REMOVAL.hitsAtGone);
  for (const [index, window] of windows.entries()) view.u8.set(saved[index] as Uint8Array, window);
  host.plugIn(machine.at);
  host.hold(machine.at, -host.references(machine.at));
  const ios = completed - word(REMOVAL.completedBase);
  const okAfter = ios - outcome.errors - word(REMOVAL.okAtGone);
  // An I/O gives its reference back just before it is counted.
  const late = rule === RULE_NONE ? 0 : Math.min(okAfter, LANES);
  return {
    ios,
    okBefore: word(REMOVAL.okAtStart),
    okDraining: word(REMOVAL.okAtGone) - word(REMOVAL.okAtStart) + late,
    okAfter: okAfter - late,
    refusals: outcome.refusals - mapRefusals,
    mapRefusals,
    deviceFailures: outcome.deviceFailures,
    landedElsewhere,
  };
}

describe.each(RACES)('on threads, $name', ({ arms, allowed, onThreads: also = [] }) => {
  it('has only the outcomes of the table', async () => {
    const small = threadMachine();
    const schemes = [...new Set(arms.map(([scheme]) => scheme))];
    for (const scheme of schemes) small.host(scheme);
    const crew = await startCrew(small.machine, { schemes, wait: 'poll', cores: 8, removes: true });
    const strange: string[] = [];
    for (let seed = 1; seed <= THREAD_RUNS; seed++) {
      const [scheme, buffers] = arms[seed % arms.length] as Arms[number];
      setBuffers(small.machine, buffers);
      const run = await onThreads(small, crew, schemes.indexOf(scheme), scheme, seed);
      const outcome = outcomeOf(run);
      if (![...allowed, ...also].includes(outcome)) strange.push(`${scheme}/${buffers}, seed ${seed}: ${outcome}`);
      const { okBefore, okDraining, okAfter, refusals, mapRefusals, deviceFailures, ios } = run;
      expect(okBefore + okDraining + okAfter + refusals + mapRefusals + deviceFailures).toBe(ios);
      expect(field(small.machine.view, small.machine.lifetime, Lifetime.phase)).toBe(0);
    }
    await crew.close();
    expect(strange).toEqual([]);
    expect(small.leftovers()).toEqual([]);
  }, 120_000);
});
