import { describe, expect, it } from 'vitest';
import { defaultJob } from '../jobs/default_job.ts';
import type { RawSample } from '../result/schema.ts';
import { BUCKETS } from '../stats/histogram.ts';
import type { ArmRecord, GroupRecord, SliceLatency } from './group_record.ts';
import { keptRounds, laneTotals, measuredBytesPerIo } from './kept_rounds.ts';

const job = defaultJob({ maxIodepth: 1023, namespaceBytes: 2 ** 40 });

function plan(rounds: number, names: readonly string[]): GroupRecord['plan'] {
  const jobs = names.map((name) => ({ ...job, name }));
  return { rounds, modes: ['threads', 'inline'], jobs } as unknown as GroupRecord['plan'];
}

function record(samples: RawSample[], latency: SliceLatency[] = []): ArmRecord {
  return { samples, latency } as unknown as ArmRecord;
}

const round = (number: number, change: Partial<RawSample> = {}): RawSample => ({
  ...{ round: number, order: 0, mode: 'threads', ios: 10, ns: 1000 },
  ...{ readIos: 4, readBytes: 4 * 4096, writeIos: 6, writeBytes: 6 * 65_536 },
  ...change,
});

describe('the rounds behind a figure', () => {
  it('are those that noise left, of those that were planned, with their sums by direction', () => {
    const samples = [round(0), round(1, { dirty: true }), round(2), round(0, { mode: 'inline', ns: 70 })];
    const { kept } = keptRounds(record(samples), plan(20, ['a']));
    expect(kept?.threads).toEqual({
      ...{ rounds: 2, measured: 3, planned: 20, disturbed: 1, ns: 2000 },
      ...{ readIos: 8, readBytes: 8 * 4096, writeIos: 12, writeBytes: 12 * 65_536 },
    });
    expect(kept?.inline).toMatchObject({ rounds: 1, measured: 1, planned: 20, disturbed: 0, ns: 70 });
    expect(measuredBytesPerIo({ kept })).toBe((8 * 4096 + 12 * 65_536) / 20);
  });

  it('are all where all were disturbed, none where a schedule did not run, more than planned after further looks', () => {
    const dirty = [round(0, { dirty: true }), round(1, { dirty: true })];
    expect(keptRounds(record(dirty), plan(1, ['a'])).kept).toEqual({
      threads: expect.objectContaining({ rounds: 2, measured: 2, planned: 2, disturbed: 2, readIos: 8 }),
    });
    expect(keptRounds(record([]), plan(1, ['a']))).toEqual({});
    expect(measuredBytesPerIo({})).toBeUndefined();
  });
});

describe('the totals of a queue pair', () => {
  const lane = (ns: number, readIos: number) => ({ ns, readIos, readBytes: readIos * 512 });
  const samples = [
    round(0, { lanes: [lane(10, 1), lane(20, 2)] }),
    round(1, { lanes: [lane(30, 3), lane(40, 4)], dirty: true }),
    round(2, { lanes: [lane(50, 5), lane(60, 6)] }),
  ];
  const slice = (dirty: boolean): SliceLatency => ({
    ...{ process: 0, round: 0, mode: 'threads', maxNs: 9, ...(dirty ? { dirty } : {}) },
    lanes: [[[7, 1]], [[BUCKETS + 8, 2]]],
  });

  it('are of the rounds kept, with the latency samples of its reads and of its writes', () => {
    const { lanes } = laneTotals(record(samples, [slice(false), slice(true), slice(false)]), plan(3, ['a', 'b']));
    expect(lanes).toEqual([
      expect.objectContaining({ job: 'a', clone: 0, loop: 'closed', ...lane(60, 6), reads: expect.anything() }),
      expect.objectContaining({ job: 'b', clone: 0, loop: 'closed', ...lane(80, 8), writes: expect.anything() }),
    ]);
    expect(lanes?.map(({ reads, writes }) => [reads?.counts, writes?.counts])).toEqual([
      [[[7, 2]], undefined],
      [undefined, [[8, 4]]],
    ]);
  });

  it('are left out where there is one', () => {
    expect(laneTotals(record([round(0)]), plan(1, ['a']))).toEqual({});
  });
});
