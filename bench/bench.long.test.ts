// Benches run with smoke parameters, so that they cannot rot. No timing is asserted.
import { afterAll, describe, expect, it } from 'vitest';
import { closePool } from '../src/lab/workers/crew.ts';
import { benchNames, loadBench } from './run.ts';
import { SMOKE } from './support.ts';

afterAll(closePool);

describe.each(benchNames())('bench %s', (name) => {
  it('runs and gives finite figures', async () => {
    const { title, measure } = await loadBench(name);
    const rows = await measure(SMOKE);
    expect(title).not.toBe('');
    expect(rows.length).toBeGreaterThan(0);
    for (const { value } of rows) expect(Number.isFinite(value)).toBe(true);
  }, 60_000);
});
