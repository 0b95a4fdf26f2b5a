// Rings and tags at their edges: full, empty, wrapped; counts that pass 2^32; tags used again and again. What is seen between
// turns must be in the table, and inline every state of it must come up.
import { afterAll, describe, expect, it } from 'vitest';
import { DeviceQueue, HostQueue, NvmeIod, QueueShared, REQUEST_STRIDE, Request } from '../../build/layout.ts';
import { KIB, MIB } from '../../src/base/units.ts';
import { type BuiltMachine, setBuffers } from '../../src/lab/machine/build_machine.ts';
import { distance, field, setField } from '../../src/lab/machine/fields.ts';
import { takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { closePool, startCrew } from '../../src/lab/workers/crew.ts';
import { runInlineSlice } from '../../src/lab/workers/inline.ts';
import { type SmallMachine, smallMachine, type TestIo } from '../support/small_machine.ts';
import { RING_STATES } from './outcomes.ts';

afterAll(closePool);

const DEPTH_ENTRIES = 8;
const TAGS = DEPTH_ENTRIES - 1;
const SCHEMES = ['page', 'dma_vec', 'vma', 'dmabuf', 'phys'];

function machineAt(position: number): SmallMachine {
  const small = smallMachine({
    payload: 'verify',
    barBytes: 4 * MIB,
    ramBytes: 4 * MIB,
    mediaBytes: 2 * MIB,
    iodepth: 8,
    batch: 2,
    depthEntries: DEPTH_ENTRIES,
    mdtsBytes: 8 * KIB,
    workers: 4,
  });
  small.stream(
    Array.from({ length: 32 }, (_, i): TestIo => {
      const bytes = [4 * KIB, 512, 20 * KIB, 8 * KIB][i % 4] as number;
      return { op: i % 3 === 0 ? 'write' : 'read', lba: i * 64, bytes, buffer: i * 32 * KIB };
    }),
  );
  const { view, queues } = small.machine;
  for (const { host, device } of queues) {
    for (const word of [HostQueue.issued, HostQueue.completed, HostQueue.cqConsumed])
      setField(view, host, word, position);
    setField(view, device, DeviceQueue.posted, position);
    setField(view, field(view, host, HostQueue.shared), QueueShared.cqPosted, position);
  }
  return small;
}

/** What can be seen of the first queue pair between two turns, added to `seen`. */
function observer({ view, queues }: BuiltMachine, seen: Set<string>): () => void {
  const { host = 0, device = 0 } = queues[0] ?? {};
  const of = (word: number): number => field(view, host, word);
  const generations = (): number[] =>
    Array.from({ length: TAGS }, (_, tag) => {
      const iod = of(HostQueue.requests) + tag * REQUEST_STRIDE + Request.bytes;
      return view.u8[iod + NvmeIod.req_genctr] as number;
    });
  const look = () => ({
    sqTail: of(HostQueue.sqTail),
    phase: of(HostQueue.cqPhase),
    issued: of(HostQueue.issued),
    posted: field(view, device, DeviceQueue.posted),
    generations: generations(),
  });
  let before = look();
  const uses = new Array<number>(TAGS).fill(0);
  return () => {
    const now = look();
    const filled = (now.sqTail - field(view, device, DeviceQueue.sqHead) + DEPTH_ENTRIES) % DEPTH_ENTRIES;
    seen.add(filled === 0 ? 'SQ empty' : filled === TAGS ? 'SQ full' : 'SQ partly full');
    const waiting = distance(now.posted, of(HostQueue.cqConsumed));
    seen.add(
      waiting === 0 ? 'CQ empty' : waiting === TAGS ? 'CQ full' : waiting > TAGS ? 'CQ overrun' : 'CQ partly full',
    );
    if (now.sqTail < before.sqTail) seen.add('SQ index wrapped');
    if (now.phase !== before.phase) seen.add('CQ phase flipped');
    if (now.issued < before.issued) seen.add('issued count wrapped');
    if (now.posted < before.posted) seen.add('posted count wrapped');
    if (distance(now.issued, of(HostQueue.completed)) < 0) seen.add('completed beyond issued');
    const free = bits(view.u64[of(HostQueue.tagWords) / 8] as bigint);
    if (free === 0) seen.add('no tag free');
    if (free > TAGS) seen.add('more tags free than there are');
    if (of(HostQueue.pendingBio) !== 0) seen.add('a bio waits for tags');
    for (const [tag, generation] of now.generations.entries()) {
      const last = before.generations[tag] as number;
      if (generation !== last) uses[tag] = (uses[tag] as number) + 1;
      if (generation < last) seen.add('generation of a tag wrapped');
    }
    if (uses.every((count) => count > 1)) seen.add('every tag used again');
    before = now;
  };
}

function bits(word: bigint): number {
  let count = 0;
  for (let left = word; left > 0n; left &= left - 1n) count++;
  return count;
}

describe('inline', () => {
  it('rings and tags are only ever in the states of the table, and in each of them', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      const scheme = SCHEMES[seed % SCHEMES.length] as string;
      const small = machineAt(2 ** 32 - 40);
      const host = small.host(scheme);
      setBuffers(small.machine, 'fixed');
      const observe = observer(small.machine, seen);
      runInlineSlice({
        view: small.machine.view,
        lanes: small.machine.lanes,
        host,
        device: () => small.device,
        streamStart: 0,
        leadIos: 0,
        measureIos: 120,
        interleaveSeed: seed,
        keepGoing: () => {
          observe();
          return true;
        },
      });
      expect(takeOutcome(small.machine)).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0 });
      expect(small.leftovers()).toEqual([]);
      expect([...seen].filter((state) => (RING_STATES.forbidden as readonly string[]).includes(state))).toEqual([]);
    }
    expect([...seen].sort()).toEqual([...RING_STATES.allowed].sort());
  }, 60_000);
});

describe('on threads', () => {
  it('counts pass 2^32 and rings of 8 entries wrap with every block right and everything given back', async () => {
    const small = machineAt(2 ** 32 - 300);
    for (const scheme of SCHEMES) small.host(scheme);
    const crew = await startCrew(small.machine, { schemes: SCHEMES, wait: 'poll', cores: 4 });
    setBuffers(small.machine, 'fixed');
    for (const arm of SCHEMES.keys()) {
      const order = { mode: 'threads', arm, streamStart: 0, leadIos: 16, measureIos: 200 } as const;
      expect(await crew.run(order)).toMatchObject({ complete: true, ios: 200 });
      expect(takeOutcome(small.machine)).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0 });
    }
    await crew.close();
    expect(field(small.machine.view, small.machine.queues[0]?.host as number, HostQueue.issued)).toBeLessThan(2 ** 31);
    expect(small.leftovers()).toEqual([]);
  }, 60_000);
});
