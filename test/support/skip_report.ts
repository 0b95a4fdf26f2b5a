// At the end of a run: counts, and which tests were skipped and why. A skip without a reason of ../expected_skips.ts fails the run.
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { EXPECTED_SKIPS } from '../expected_skips.ts';
import { skipReasons } from './needs.ts';

export interface Skip {
  file: string;
  title: string;
}

/** Skipped tests by reason, and those that no entry of the list covers. */
export function sortSkips(
  skips: readonly Skip[],
  expected: typeof EXPECTED_SKIPS = EXPECTED_SKIPS,
): { listed: Map<string, Skip[]>; unlisted: Skip[] } {
  const listed = new Map<string, Skip[]>();
  const unlisted: Skip[] = [];
  for (const skip of skips) {
    const reasons = skipReasons(skip.title);
    const known = reasons.filter((reason) =>
      expected.some(({ need, files }) => need.reason === reason && files.includes(skip.file)),
    );
    if (known.length === 0 || known.length < reasons.length) unlisted.push(skip);
    for (const reason of known) listed.set(reason, [...(listed.get(reason) ?? []), skip]);
  }
  return { listed, unlisted };
}

/** A reporter of vitest. */
export function skipReport(root: string): Reporter {
  let isFiltered = false;
  return {
    onInit(vitest) {
      isFiltered = vitest.config.testNamePattern !== undefined;
    },
    onTestRunEnd(modules) {
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
      process.stdout.write(
        `tests: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped in ${modules.length} files\n`,
      );
      // What -t leaves out is skipped too.
      if (isFiltered) return;
      const { listed, unlisted } = sortSkips(modules.flatMap((module) => skipsOf(module, root)));
      for (const [reason, skips] of listed) {
        const files = [...new Set(skips.map(({ file }) => file))];
        process.stdout.write(`skipped ${skips.length} (${reason}): ${files.join(', ')}\n`);
      }
      for (const { file, title } of unlisted) {
        process.stdout.write(`unexpected skip: ${file}: ${title}\n`);
        process.exitCode = 1;
      }
      if (unlisted.length > 0) {
        process.stdout.write(
          'Skip by needing(...) of test/support/needs.ts, and name the file in test/expected_skips.ts.\n',
        );
      }
    },
  };
}

function skipsOf(module: TestModule, root: string): Skip[] {
  return [...module.children.allTests('skipped')].map((test) => ({
    file: relative(root, module.moduleId),
    title: test.fullName,
  }));
}
