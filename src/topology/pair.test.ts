import { expect, test } from 'vitest';
import { cpuAddress } from './model.ts';
import { pairPlan } from './pair.ts';
import { preset } from './presets.ts';
import { landingOf } from './routes.ts';

test('a run gets everything about its pair at once', () => {
  const of = preset('two-host-bridges', { barBytes: 2 ** 28 });
  const options = { era: '6.12', cpu: of.topology.cpu, iommu: false, iommuMode: 'off', quirks: [] } as const;
  const plan = pairPlan(of.topology, { device: of.provider, bar: of.providerBar }, of.client, options);
  expect(plan).toMatchObject({
    barCpuStart: 0x600_1000_0000n,
    barBytes: 2 ** 28,
    barBusStart: 0x5000_0000n,
    clientKey: 0x8300,
    verdict: { mapType: 'THRU_HOST_BRIDGE', distance: 8 },
  });
  expect(landingOf(plan.windows, plan.barCpuStart)).toMatchObject({ device: of.provider });
  expect(landingOf(plan.windows, plan.barBusStart)).toMatchObject({ device: '0000:84:00.0' });
});

test('RAM can be the lab window instead of the whole machine', () => {
  const of = preset('one-switch', { barBytes: 2 ** 28 });
  const ram = [{ cpuStart: cpuAddress(0n), bytes: 2n ** 26n }];
  const options = { era: '6.12', cpu: of.topology.cpu, iommu: false, iommuMode: 'off', quirks: [], ram } as const;
  const { windows } = pairPlan(of.topology, { device: of.provider, bar: of.providerBar }, of.client, options);
  expect(windows.filter((window) => window.bar === 'ram')).toMatchObject([{ busStart: 0n, bytes: 2n ** 26n }]);
});
