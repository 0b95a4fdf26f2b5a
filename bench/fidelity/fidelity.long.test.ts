// Each part runs with smoke parameters and is drawn, so that it cannot rot. No timing is asserted.
import { expect, it } from 'vitest';
import { describeEnvironment } from '../../src/lab/host/environment.ts';
import { GCC, needing } from '../../test/support/needs.ts';
import { SMOKE } from '../support.ts';
import { fidelityChart } from './chart.ts';
import { measurePart, partNames } from './run.ts';

needing(GCC).describe('fidelity', () => {
  it.each(partNames())(
    '%s measures the lab and C in the same rounds',
    async (name) => {
      const rows = await measurePart(name, SMOKE);
      expect(rows.length).toBeGreaterThan(0);
      for (const { rounds, ratio } of rows) {
        expect(rounds.lab).toHaveLength(SMOKE.rounds);
        expect(rounds.native).toHaveLength(SMOKE.rounds);
        expect([...rounds.lab, ...rounds.native, ratio.median].every(Number.isFinite)).toBe(true);
      }
      const { panels } = fidelityChart(rows, describeEnvironment([]));
      expect(panels).toHaveLength(name === 'page_cost' ? 2 : 1);
    },
    60_000,
  );
});
