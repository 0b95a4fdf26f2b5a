import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { skipReport } from './test/support/skip_report.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    // npm run test:long.
    exclude: [...configDefaults.exclude, '**/*.long.test.ts'],
    // Files of a worker share its modules: no test changes a module, and most of a file's time would be loading them again.
    isolate: false,
    // vitest would leave a core free.
    maxWorkers: '100%',
    // Far above what any test takes: a machine that others keep busy is slow, not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: 'test/support/temporary_folder.ts',
    setupFiles: 'test/support/scratch_setup.ts',
    reporters: ['default', skipReport(fileURLToPath(new URL('.', import.meta.url)))],
  },
});
