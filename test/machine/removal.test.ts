// Removal of the provider, step by step and in the middle of I/O, by each scheme's own rule.
import { describe, expect, it } from 'vitest';
import {
  HOLE_EMPTY,
  HOLE_REASSIGNED,
  HostQueue,
  Lifetime,
  Page,
  REMOVAL_DRAINING,
  REMOVAL_GONE,
  REMOVAL_KILLED,
  REMOVAL_NONE,
  REMOVAL_UNMAPPING,
} from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { RULE_NAMES } from '../../src/lab/workers/removal.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { armsRemoved } from '../support/expected.ts';
import { removeInline } from '../support/removal.ts';
import { type SmallMachine, smallMachine } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

const ALL = 64 * MIB;

function machineWith(scheme: string, buffers: Buffers): SmallMachine {
  const small = smallMachine({ payload: 'verify', iodepth: 8, batch: 4 });
  small.stream(
    Array.from({ length: 16 }, (_, i) => ({
      op: i % 2 === 0 ? 'read' : 'write',
      lba: i * 64,
      bytes: 16 * KIB,
      buffer: i * 64 * KIB,
    })),
  );
  setBuffers(small.machine, buffers);
  small.host(scheme).plugIn(small.machine.at);
  return small;
}

/** Issues what the depth allows and completes nothing. */
function submit(small: SmallMachine, scheme: string, ios: number): void {
  const host = small.machine.lanes[0]?.host as number;
  setField(small.machine.view, host, HostQueue.issueTarget, field(small.machine.view, host, HostQueue.issued) + ios);
  setField(small.machine.view, host, HostQueue.completionMark, field(small.machine.view, host, HostQueue.issued) + ios);
  small.host(scheme).run(host, ios, 0);
}

function complete(small: SmallMachine, scheme: string): void {
  const lane = small.machine.lanes[0];
  for (let i = 0; i < 4; i++) {
    for (const { at } of lane?.devices ?? []) small.device.run(at, 100, 0);
    small.host(scheme).run(lane?.host as number, 100, 0);
  }
}

describe('the rule of each scheme and buffer source', () => {
  it.each(armsRemoved(() => true))('%s with %s buffers', (scheme, buffers, { rule }) => {
    const small = machineWith(scheme, buffers);
    expect(RULE_NAMES[small.host(scheme).removalRule(small.machine.at)]).toBe(rule);
  });
});

describe.each(armsRemoved(({ errno }) => errno !== undefined))('%s with %s buffers', (scheme, buffers, { errno }) => {
  it(`waits for I/O in flight, which ends well, and refuses later I/O with ${errno}`, () => {
    const small = machineWith(scheme, buffers);
    const { at } = small.machine;
    const host = small.host(scheme);
    submit(small, scheme, 8);
    expect(host.remove(at, ALL, false)).toBe(REMOVAL_UNMAPPING);
    expect(host.remove(at, ALL, false)).toBe(REMOVAL_KILLED);
    // Nobody says that the agents have been outside.
    expect(host.remove(at, ALL, false)).toBe(REMOVAL_KILLED);
    expect(host.remove(at, ALL, true)).toBe(REMOVAL_DRAINING);
    for (let i = 0; i < 3; i++) expect(host.remove(at, ALL, true)).toBe(REMOVAL_DRAINING);
    complete(small, scheme);
    expect(takeOutcome(small.machine)).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0 });
    expect(host.remove(at, ALL, true)).toBe(REMOVAL_GONE);
    submit(small, scheme, 8);
    complete(small, scheme);
    expect(takeOutcome(small.machine)).toMatchObject({ errors: 8, refusals: 8, refused: errno, unclaimed: 0 });
    expect(host.references(at)).toBe(0);
    expect(host.held(at)).toBe(0);
  });
});

describe('user pages', () => {
  it('go in the order of their addresses: what is still mapped is carried, the rest gets EFAULT', () => {
    const small = machineWith('page', 'user');
    const { at, view, lifetime } = small.machine;
    const host = small.host('page');
    host.remove(at, 0, false);
    // The first eight buffers of the sixteen.
    expect(host.remove(at, 8 * 64 * KIB, false)).toBe(REMOVAL_UNMAPPING);
    expect(view.u64[(lifetime + Lifetime.unmappedBytes) / 8]).toBe(BigInt(8 * 64 * KIB));
    for (const half of [
      { errors: 8, refused: 'EFAULT', sigbus: 8 },
      { errors: 0, refused: undefined, sigbus: 0 },
    ]) {
      submit(small, 'page', 8);
      complete(small, 'page');
      expect(takeOutcome(small.machine)).toMatchObject(half);
    }
    const pages = small.machine.barMemmap.at;
    const count = (page: number): number => field(view, pages + page * Page.bytes, Page._refcount);
    expect([count(0), count(8 * 16 - 1), count(8 * 16)]).toEqual([0, 0, 1]);
  });

  it('pinned while their mapping goes are freed by the last unpin, and the data check meets SIGBUS', () => {
    const small = machineWith('page', 'user');
    const { at, view, barMemmap } = small.machine;
    const host = small.host('page');
    const pages = small.machine.spec.barBytes / 4096;
    submit(small, 'page', 4);
    host.remove(at, ALL, false);
    host.remove(at, ALL, false);
    // 4 I/Os of 4 pages; each page still counts on the pagemap, as the pins do on the page.
    expect(host.references(at)).toBe(16);
    expect(field(view, barMemmap.at, Page._refcount)).toBe(1024);
    complete(small, 'page');
    // Reads are looked at through the mapping; writes at the medium.
    expect(takeOutcome(small.machine)).toMatchObject({ errors: 0, verifyErrors: 0, sigbus: 2 });
    expect(host.references(at)).toBe(0);
    host.plugIn(at);
    expect(host.references(at)).toBe(pages);
  });
});

describe('a pin that fails', () => {
  it('gives back the pins before it', () => {
    const small = machineWith('page', 'user');
    const { view, barMemmap } = small.machine;
    // The third page of the first buffer has no reference: try_get_folio refuses it.
    const third = (barMemmap.at + 2 * Page.bytes + Page._refcount) / 4;
    view.i32[third] = 0;
    expect(small.run('page', 'user', 1)).toMatchObject({ errors: 1, refused: 'EFAULT' });
    view.i32[third] = 1;
    small.host('page').hold(small.machine.at, -small.host('page').references(small.machine.at));
    expect(small.leftovers()).toEqual([]);
  });
});

const UNKEPT = armsRemoved(({ rule }) => rule === 'none').flatMap(([scheme, buffers]) =>
  buffers === 'fixed' ? [scheme] : [],
);

describe('what nothing keeps', () => {
  it.each(UNKEPT)('%s with long-lived buffers is used after removal, and seen', (scheme) => {
    const gone = removeInline(scheme, 'fixed', { seed: 3, hole: HOLE_EMPTY });
    expect(gone).toMatchObject({ rule: 'none', refused: 0, landedElsewhere: 0 });
    expect(gone.unclaimed).toBeGreaterThan(100);
    expect(gone.deviceErrors).toBeGreaterThanOrEqual(gone.unclaimed / 4);
    const taken = removeInline(scheme, 'fixed', { seed: 3, hole: HOLE_REASSIGNED });
    expect(taken).toMatchObject({ rule: 'none', refused: 0, deviceErrors: 0, unclaimed: 0 });
    expect(taken.landedElsewhere).toBeGreaterThan(100);
    // Another device's data is on the medium now.
    expect(taken.corruptedBlocks).toBeGreaterThan(100);
    expect(taken.sigbus).toBeGreaterThan(100);
  });
});

describe('every scheme and buffer source, in any interleaving', () => {
  it.each(soundVariants())('%s accounts for each I/O and leaves nothing behind', (scheme) => {
    for (const buffers of ['pool', 'fixed', 'user'] as const) {
      for (const seed of [1, 2, 3]) {
        for (const hole of [HOLE_EMPTY, HOLE_REASSIGNED]) {
          const done = removeInline(scheme, buffers, { seed, hole });
          if (done.rule === 'refused') continue;
          expect(done.ios).toBe(done.ok + done.refused + done.deviceErrors);
          expect(done.leftovers).toEqual([]);
          if (done.rule === 'none') continue;
          expect(done).toMatchObject({ deviceErrors: 0, unclaimed: 0, landedElsewhere: 0, corruptedBlocks: 0 });
          expect(done.refused > 0).toBe(done.rule !== 'holders');
        }
      }
    }
  });

  it('is the same for the same seed', () => {
    const once = removeInline('page', 'user', { seed: 7, hole: HOLE_EMPTY });
    expect(removeInline('page', 'user', { seed: 7, hole: HOLE_EMPTY })).toEqual(once);
    expect(once.phases).toEqual([REMOVAL_NONE, REMOVAL_DRAINING, REMOVAL_GONE]);
  });
});
