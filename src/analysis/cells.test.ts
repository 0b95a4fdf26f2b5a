import { describe, expect, it } from 'vitest';
import { GIB } from '../base/units.ts';
import { defaultJob } from '../jobs/default_job.ts';
import { oneSwitch } from '../plan/fabric.ts';
import { planGroups, type RunParams } from '../plan/run_plan.ts';
import type { RawSample } from '../result/schema.ts';
import { cellsOf } from './cells.ts';
import { comparisonsOf } from './comparisons.ts';
import type { ArmRecord, GroupRecord } from './group_record.ts';

const limits = { maxIodepth: 1023, namespaceBytes: 2 ** 40 };
const params = {
  schemes: ['page', 'dma_vec'],
  bars: [GIB],
  barSweep: [],
  flows: ['direct'],
  payloads: ['move'],
  buffers: ['fixed', 'user'],
  modes: ['threads', 'inline'],
  processes: 1,
  rounds: 8,
  fabricOf: (barBytes: number) => oneSwitch(barBytes, GIB),
  roundMs: 10,
  seed: 1,
  marginPercent: 2,
  jobs: [defaultJob(limits)],
} as unknown as RunParams;

function record(arm: ArmRecord['arm'], nsPerIo: number, refused?: ArmRecord['refused']): ArmRecord {
  const sample = (mode: 'threads' | 'inline', round: number) => ({
    round,
    order: 0,
    mode,
    ios: 1000,
    readIos: 1000,
    readBytes: 4096 * 1000,
    ns: nsPerIo * 1000 * (1 + (round % 3) / 1000),
  });
  const rounds = Array.from({ length: 8 }, (_, round) => [sample('threads', round), sample('inline', round)]).flat();
  return {
    arm,
    samples: refused ? [] : rounds,
    latency: refused ? [] : [{ process: 0, round: 0, mode: 'threads', lanes: [[[50, 10]]], maxNs: 51 }],
    wakeups: 5,
    wakeupIos: refused ? 0 : 8000,
    perIo: undefined,
    refused,
    verifiedBlocks: 0,
    verifiedIos: 0,
    verifyErrors: 0,
    unsteady: [],
    memmapBytes: arm.scheme === 'page' ? GIB / 64 : 0,
    poolBytes: 32824,
    mapStateBytes: 200,
    residentBytes: null,
  };
}

describe('modelled figures', () => {
  const events = { iovaAllocs: 1, pteLines: 2, invalidations: 1 } as unknown as NonNullable<ArmRecord['perIo']>;
  const modelled = (perIo: ArmRecord['perIo'], serviceNs?: number) => {
    const one = group();
    const [first] = one.arms as [ArmRecord];
    first.perIo = perIo;
    first.iommuTableBytes = 8192;
    const [cell] = cellsOf({ ...one, arms: [first] }, { ...params, serviceNs } as RunParams);
    return cell;
  };

  it('add published waits to the measured time, and name what bounds the rate', () => {
    const waits = 1e9 / 570e3 - 1e9 / 1.93e6 + (2 * (3040 - 339)) / 15;
    const cell = modelled(events, 200);
    const measured = cell?.cpuNsPerIo?.median as number;
    expect(cell?.modelled?.iommuNsPerIo).toBeCloseTo(waits, 6);
    expect(cell?.modelled?.cpuNsPerIo).toBeCloseTo(measured + waits, 6);
    expect(cell?.modelled).toMatchObject({ serviceNs: 200, bound: 'cpu' });
    expect(cell?.modelled?.iops).toBeCloseTo(1e9 / (measured + waits), 3);
    // The measured figure stays what it was, and the tables count as metadata.
    expect(measured).toBeLessThan(120);
    expect(cell?.metadataBytes?.pageTables).toBe(8192);
  });

  it('are absent without an IOMMU or a device, and device-bound where the core is faster', () => {
    expect(modelled(undefined)?.modelled).toBeUndefined();
    expect(modelled(undefined, 200)?.modelled).toMatchObject({ iops: 5e6, bound: 'device' });
    expect(modelled(events)?.modelled).not.toHaveProperty('iops');
  });
});

function group(): GroupRecord {
  const plan = planGroups(params)[0] as GroupRecord['plan'];
  const arm = (
    scheme: string,
    buffers: 'fixed' | 'user',
    role: ArmRecord['arm']['role'],
    id = `g0/${scheme}/${buffers}`,
  ) => ({ id, scheme, buffers, role });
  return {
    plan,
    oversubscribed: false,
    interrupted: false,
    rounds: [],
    calibration: { sliceIos: {}, rounds: {} },
    offeredIops: undefined,
    tookMs: 1,
    arms: [
      record(arm('page', 'fixed', 'reference'), 100),
      record(arm('page', 'fixed', 'aa', "g0/page/fixed'"), 100),
      record(arm('page', 'user', 'arm'), 150),
      record(arm('dma_vec', 'fixed', 'arm'), 50),
      record(arm('null', 'fixed', 'floor'), 40),
      record(arm('dma_vec', 'user', 'arm'), 1, { errno: 'EINVAL', reason: 'because' }),
    ],
  };
}

describe('cells', () => {
  const cells = cellsOf(group(), params);

  it('take iops from threads and CPU time from inline, as medians', () => {
    expect(cells[0]?.iops?.median).toBeCloseTo(1e9 / 100.1, -4);
    expect(cells[0]?.cpuNsPerIo?.median).toBeCloseTo(100.1, 1);
    expect(cells[3]?.nsPerIo?.median).toBeCloseTo(50.05, 1);
  });

  it('say null where nothing was measured', () => {
    expect(cells[5]).toMatchObject({
      iops: null,
      cpuNsPerIo: null,
      gbPerS: null,
      latencyNs: null,
      metadataBytes: null,
      refused: { errno: 'EINVAL' },
    });
    expect(cells[0]?.metadataBytes?.resident).toBeNull();
  });

  it('account 1/64 of the BAR as memmap for the page and none for dma_vec', () => {
    expect(cells[0]?.metadataBytes).toMatchObject({ memmap: GIB / 64, pageTables: 0 });
    expect(cells[3]?.metadataBytes).toMatchObject({ memmap: 0 });
  });

  it('label latency as that of a closed loop and wake-ups by the I/O', () => {
    expect(cells[0]?.latencyNs).toMatchObject({ loop: 'closed', samples: 10, max: 51 });
    expect(cells[0]?.perIo).toBeNull();
  });
});

describe('bandwidth and mean size', () => {
  const bandwidthOf = (change: (sample: RawSample) => RawSample) => {
    const one = group();
    const [first] = one.arms as [ArmRecord];
    return cellsOf({ ...one, arms: [{ ...first, samples: first.samples.map(change) }] }, params)[0];
  };

  it('are of the bytes that were counted, whatever the mix', () => {
    const cell = bandwidthOf((sample) => ({
      ...{ ...sample, ns: 1000, readIos: 250, readBytes: 250 * 4096 },
      ...{ writeIos: 750, writeBytes: 750 * 65_536 },
    }));
    expect(cell?.gbPerS).toBeCloseTo((250 * 4096 + 750 * 65_536) / 1000, 9);
    expect(cell?.bytesPerIo).toBe((250 * 4096 + 750 * 65_536) / 1000);
  });

  it('add up the rates of queue pairs that take times of their own', () => {
    const lanes = [
      { ns: 1000, readIos: 500, readBytes: 500 * 4096 },
      { ns: 9000, writeIos: 500, writeBytes: 500 * 1_048_576 },
    ];
    const cell = bandwidthOf((sample) => ({ ...sample, lanes }));
    expect(cell?.gbPerS).toBeCloseTo((500 * 4096) / 1000 + (500 * 1_048_576) / 9000, 9);
  });
});

describe('comparisons', () => {
  const pairs = comparisonsOf(group(), params).filter(({ metric }) => metric === 'cpuNsPerIo');

  it('are with the copy, with the same buffers of the reference scheme, and of what a refused arm would use instead', () => {
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([
      ["g0/page/fixed'", 'g0/page/fixed'],
      ['g0/page/user', 'g0/page/fixed'],
      ['g0/dma_vec/fixed', 'g0/page/fixed'],
      ['g0/null/fixed', 'g0/page/fixed'],
      ['g0/dma_vec/fixed', 'g0/page/user'],
    ]);
  });

  it('are ratios a/b', () => {
    expect(pairs[2]?.ratio).toBeCloseTo(0.5, 3);
    expect(pairs[2]?.verdict).toBe('faster');
    expect(pairs[0]).toMatchObject({ verdict: 'equivalent', n: 8 });
  });
});
