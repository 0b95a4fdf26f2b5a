// What takes minutes: statistics by thousands of trials, benches, fidelity, planted faults, and tests of chances with their whole
// effort (test/support/effort.ts).
import { configDefaults, defineConfig } from 'vitest/config';
import { LONG_TESTS } from './test/support/effort.ts';
import base from './vitest.config.ts';

export default defineConfig({
  test: {
    ...base.test,
    include: [
      '{src,test,bench}/**/*.long.test.ts',
      'test/race/**/*.test.ts',
      'src/gate/timed.test.ts',
      'test/cost/simulator.test.ts',
    ],
    exclude: configDefaults.exclude,
    env: { [LONG_TESTS]: '1' },
  },
});
