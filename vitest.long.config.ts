// What takes minutes: statistics by thousands of trials, benches, fidelity, planted faults.
import { configDefaults, defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

export default defineConfig({
  test: { ...base.test, include: ['{src,test,bench}/**/*.long.test.ts'], exclude: configDefaults.exclude },
});
