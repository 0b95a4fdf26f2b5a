// The case that the mail of 2019-01-30 is about: an RDMA doorbell page in a special VMA. The RNIC is the exporter; another
// device rings it through the address that p2p_map returned; revoked, it cannot; O_DIRECT to it fails before any transfer.
import { describe, expect, it } from 'vitest';
import {
  HostQueue,
  IB_WR_LOCAL_INV,
  Initiator,
  NvmetRdmaQueue,
  RDMA_KEY_SHIFT,
  RdmaQpShared,
  RdmaWqe,
  REMOVAL_DRAINING,
  REMOVAL_GONE,
  REMOVAL_KILLED,
  Rnic,
  RnicMr,
} from '../../build/layout.ts';
import { KIB } from '../../src/base/units.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { deviceModule, refusalReason } from '../../src/lab/machine/modules.ts';
import { takeLandings } from '../../src/lab/machine/queue_state.ts';
import { DEFAULT_RULES, type Fabric, topologyFabric } from '../../src/plan/fabric.ts';
import { preset } from '../../src/topology/presets.ts';
import { type SmallMachine, smallMachine } from '../support/small_machine.ts';
import { rdmaSpec } from '../support/small_target.ts';

const RNIC = '0000:04:00.0';
const DRIVE = '0000:05:00.0';
const KEY = 1 << RDMA_KEY_SHIFT;

/** The RNIC's BAR with its doorbell page is the exporter's memory; a drive below the same switch is the importer. */
function rnicExports(_barBytes: number, ramBytes: number): Fabric {
  const { topology } = preset('one-switch', { barBytes: 2 ** 28 });
  const pair = { provider: { device: RNIC, bar: 0 }, client: DRIVE, others: [RNIC] };
  return topologyFabric('one-switch', topology, pair, ramBytes, DEFAULT_RULES);
}

/** A drive and, beside it, an RNIC with one work request in its send queue that nobody has rung for. */
function machineWithRnic(): SmallMachine {
  const small = smallMachine({
    fabricOf: rnicExports,
    rdma: rdmaSpec({ maxIoBytes: 4 * KIB }),
    ramBytes: 64 * 2 ** 20,
    iodepth: 1,
    batch: 1,
  });
  const { view, machine } = { view: small.machine.view, machine: small.machine };
  const { rnic } = machine.targets[0] as { rnic: number };
  const wqe = field(view, rnic, Rnic.sq);
  view.u8.fill(0, wqe, wqe + RdmaWqe.bytes);
  view.u8[wqe + RdmaWqe.opcode] = IB_WR_LOCAL_INV;
  view.u8[wqe + RdmaWqe.blocks] = 1;
  setField(view, wqe, RdmaWqe.key, KEY);
  setField(view, field(view, rnic, Rnic.mrs), RnicMr.key, KEY);
  return small;
}

/** The medium's first block: the doorbell page as it is, but for the send queue's doorbell. */
function putDoorbellOnMedium({ machine }: SmallMachine, value: number): void {
  const { view } = machine;
  const { rnic } = machine.targets[0] as { rnic: number };
  const page = field(view, rnic, Rnic.shared);
  const media = field(view, machine.queues[0]?.host as number, HostQueue.media);
  view.u8.copyWithin(media, page, page + RdmaQpShared.bytes);
  setField(view, media, RdmaQpShared.sqDoorbell, value);
}

/** Lets the RNIC look at its doorbells once: work requests executed, and whether the region is gone. */
function rnicTurn(small: SmallMachine): { requests: number; isInvalidated: boolean } {
  const { view, targets } = small.machine;
  const { rnic, initiator } = targets[0] as { rnic: number; initiator: number };
  expect(field(view, initiator, Initiator.rnic)).toBe(rnic);
  deviceModule('rnic', small.memory).run(initiator, 16, 0);
  return {
    requests: Number(view.u64[(rnic + Rnic.requests) / 8]),
    isInvalidated: field(view, field(view, rnic, Rnic.mrs), RnicMr.key) === 0,
  };
}

const RING = { op: 'read', lba: 0, bytes: 512, buffer: 0 } as const;

describe('a doorbell page mapped by p2p_map', () => {
  it('is rung by another device at the address that the exporter gave it', () => {
    const small = machineWithRnic();
    putDoorbellOnMedium(small, 1);
    small.stream([RING]);
    expect(rnicTurn(small)).toEqual({ requests: 0, isInvalidated: false });
    takeLandings(small.machine, 0);
    expect(small.run('vma', 'fixed', 1)).toMatchObject({ ios: 1, errors: 0, unclaimed: 0, refused: undefined });
    const landed = takeLandings(small.machine, 0).filter(({ transfers }) => transfers > 0);
    expect(landed).toEqual([{ device: RNIC, bar: 0, transfers: 1 }]);
    expect(rnicTurn(small)).toEqual({ requests: 1, isInvalidated: true });
    // One page: one entry written, read and cleared, one p2p_map, and no struct page anywhere.
    expect(small.counters()).toMatchObject({ mapCalls: 1, listEntries: 3, pageLines: 0 });
    expect(small.leftovers()).toEqual([]);
  });

  it('is the page that driver and RNIC use', () => {
    const { machine } = machineWithRnic();
    const { rnic, target } = machine.targets[0] as { rnic: number; target: number };
    expect(field(machine.view, target, NvmetRdmaQueue.shared)).toBe(field(machine.view, rnic, Rnic.shared));
  });

  it('cannot be rung once the exporter has revoked it', () => {
    const small = machineWithRnic();
    putDoorbellOnMedium(small, 1);
    small.stream([RING]);
    const vma = small.host('vma');
    let phase = 0;
    for (let step = 0; step < 100 && phase !== REMOVAL_GONE; step++) {
      phase = vma.remove(small.machine.at, 2 ** 20, phase === REMOVAL_KILLED || phase === REMOVAL_DRAINING);
    }
    expect(phase).toBe(REMOVAL_GONE);
    expect(small.run('vma', 'fixed', 1)).toMatchObject({ ios: 1, errors: 1, refused: 'EINVAL' });
    expect(refusalReason('vma', 'EINVAL', 'fixed')).toMatch(/removed/);
    expect(rnicTurn(small)).toEqual({ requests: 0, isInvalidated: false });
  });

  it('fails O_DIRECT early: nothing is submitted', () => {
    const small = machineWithRnic();
    putDoorbellOnMedium(small, 1);
    small.stream([RING]);
    expect(small.run('vma', 'user', 1)).toMatchObject({ ios: 1, errors: 1, refused: 'EFAULT' });
    expect(small.counters()).toMatchObject({ requests: 0, mapCalls: 0, doorbells: 0 });
    expect(rnicTurn(small)).toEqual({ requests: 0, isInvalidated: false });
    expect(small.leftovers()).toEqual([]);
  });
});
