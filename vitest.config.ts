import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { skipReport } from './test/support/skip_report.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    // Far above what any test takes: a machine that others keep busy is slow, not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: 'test/support/temporary_folder.ts',
    setupFiles: 'test/support/scratch_setup.ts',
    reporters: ['default', skipReport(fileURLToPath(new URL('.', import.meta.url)))],
  },
});
