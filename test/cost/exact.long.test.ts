// The exact counts of every scheme, variant, buffer source and flow: struct page lines and atomics equal the counting build's.
import { expect, it } from 'vitest';
import { armsOf, checkAgainstCounting, everyVariant } from './arms.ts';

for (const flow of ['direct', 'copy', 'nvmet']) {
  it(`are the counting build's in every cell of flow ${flow}`, { timeout: 3_600_000 }, async () => {
    const schemes = everyVariant().filter((name) => name !== 'null');
    const arms = await armsOf(flow, schemes, '--buffers', 'pool,fixed,user');
    let compared = 0;
    for (const arm of arms) if (checkAgainstCounting(flow, arm)) compared++;
    expect(compared).toBeGreaterThan(schemes.length / 2);
  });
}
