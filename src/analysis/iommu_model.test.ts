// The arithmetic of the modelled IOMMU, with fixed inputs.
import { describe, expect, it } from 'vitest';
import {
  INVALIDATION_WAIT_NS,
  iommuNs,
  PTE_LINE_NS,
  PUBLISHED_SERVICE_NS,
  PUBLISHED_SHAPE,
  throughput,
} from './iommu_model.ts';

describe('modelled costs', () => {
  it('are derived from the published figures', () => {
    // 1/570k - 1/1.93M; (3040 - 339)/15; 1/5.01M.
    expect(INVALIDATION_WAIT_NS).toBeCloseTo(1236.25, 2);
    expect(PTE_LINE_NS).toBeCloseTo(180.07, 2);
    expect(PUBLISHED_SERVICE_NS).toBeCloseTo(199.6, 1);
  });

  it('are events times cost', () => {
    expect(iommuNs({ invalidations: 0, pteLines: 0 })).toBe(0);
    expect(iommuNs({ invalidations: 1, pteLines: 2 })).toBeCloseTo(1236.25 + 360.13, 1);
    expect(iommuNs({ invalidations: 1 / 255, pteLines: 2 })).toBeCloseTo(4.85 + 360.13, 1);
  });
});

describe('throughput', () => {
  it('is that of the slower of cores and device', () => {
    expect(throughput(100, 200)).toEqual({ iops: 5e6, bound: 'device' });
    expect(throughput(400, 200)).toEqual({ iops: 2.5e6, bound: 'cpu' });
    expect(throughput(400, 200, 2)).toEqual({ iops: 5e6, bound: 'device' });
    expect(throughput(1000, 200, 4)).toEqual({ iops: 4e6, bound: 'cpu' });
  });

  it('has the published shape, within 15 %, for any path of 90 to 240 ns that is mapped and under 190 ns that is not', () => {
    const rate = (cpuNs: number): number => throughput(cpuNs, PUBLISHED_SERVICE_NS).iops;
    const events = {
      strict: { invalidations: 1, pteLines: 2 },
      lazy: { invalidations: 1 / 255, pteLines: 2 },
      passthrough: { invalidations: 0, pteLines: 0 },
    };
    for (const mappedNs of [90, 157, 190, 240]) {
      for (const onceNs of [30, 60, 190]) {
        for (const mode of ['strict', 'lazy'] as const) {
          const ratio = rate(mappedNs + iommuNs(events[mode])) / rate(onceNs);
          expect(Math.abs(ratio / PUBLISHED_SHAPE[mode] - 1)).toBeLessThan(0.15);
        }
      }
    }
    expect(rate(110 + iommuNs(events.passthrough)) / rate(60)).toBe(PUBLISHED_SHAPE.passthrough);
  });
});
