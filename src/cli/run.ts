// p2plab run [JOB.fio]: measure, print the table, leave the run folder.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { checkWritable, removeUnfinished, removeUnfinishedBelow } from '../base/files.ts';
import { startInterruptible } from '../base/interrupt.ts';
import { startProgress } from '../base/progress.ts';
import { showCommands } from '../jobs/show_command.ts';
import { run } from '../lab/run.ts';
import { resolveFault } from '../options/fault_option.ts';
import { resolveRun } from '../options/resolve_run.ts';
import { writeRunFolder } from '../report/formats/write.ts';
import type { Result } from '../result/schema.ts';
import { type Lock, lockFolder } from '../sweep/lock.ts';
import type { RunCommandOptions } from './commands/run.ts';
import { doEach } from './documents.ts';
import { writeAskedIologs, writeIologs } from './iolog_files.ts';
import { checkOutput, outputFiles, printResult, printsDocument } from './run_output.ts';

/** Where a run makes its folder when none is named. */
const DEFAULT_ROOT = 'reports';

export async function runCommand(jobFile: string | undefined, options: RunCommandOptions): Promise<void> {
  const { params, warnings } = await resolveRun(jobFile, options);
  if (options.showcmd === true) {
    for (const line of showCommands(params.jobs)) process.stdout.write(terminalText(`${line}\n`));
    return;
  }
  if (options.writeIolog !== undefined) {
    for (const warning of warnings) process.stderr.write(terminalText(`p2plab: ${warning}\n`));
    for (const line of writeIologs(options.writeIolog, params.jobs, options.iologVersion)) {
      process.stdout.write(terminalText(`${line}\n`));
    }
    return;
  }
  const fault = resolveFault(options.fault, params);
  await checkOutput(options, params);
  const place = await takePlace(options.out);
  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() =>
    progress.note('interrupted: finishing the slice and writing what was measured (again to quit at once)'),
  );
  try {
    for (const warning of [...warnings, ...writeAskedIologs(params.jobs)]) {
      process.stderr.write(terminalText(`p2plab: ${warning}\n`));
    }
    const { signal } = interruption;
    const policy = { cores: availableParallelism(), fault };
    const { result, failure } = await run(
      params,
      { signal, events: { progress: progress.update }, policy },
      { warnings, argv: process.argv.slice(2) },
    ).finally(progress.end);
    try {
      await leaveResult(result, options.out ?? join(DEFAULT_ROOT, result.run.id), options);
    } catch (error) {
      if (failure === undefined) throw error;
      // What ended the run may be what keeps its report from being written, as a lack of file descriptors does.
      process.stderr.write(terminalText(`p2plab: ${(error as Error).message}\n`));
    }
    if (interruption.signal.aborted) {
      process.exitCode = EXIT.interrupted;
      if (failure !== undefined) process.stderr.write(terminalText(`p2plab: ${failure.message}\n`));
    } else if (failure !== undefined) throw failure;
  } finally {
    interruption.end();
    await place.release();
  }
}

/**
 * A folder that the user names is this run's alone until its end: files of two runs would be mixed in it.
 * @throws LabError when it cannot be written, or another run or a sweep has it
 */
async function takePlace(out: string | undefined): Promise<Pick<Lock, 'release'>> {
  await checkWritable(out ?? DEFAULT_ROOT);
  if (out === undefined) {
    await removeUnfinishedBelow(DEFAULT_ROOT);
    return { release: async () => {} };
  }
  const lock = await lockFolder(out, undefined, { what: 'a run' });
  await removeUnfinished(out);
  return lock;
}

/** Files first, whatever becomes of stdout; the last line is where the report is. */
async function leaveResult(result: Result, dir: string, options: RunCommandOptions): Promise<void> {
  await doEach([
    async () => {
      const folder = await writeRunFolder(dir, result);
      process.stderr.write(terminalText(`p2plab: ${folder.files.length} files in ${folder.dir}\n`));
    },
    ...outputFiles(result, options),
    () => printResult(result, options),
    () => {
      if (!existsSync(join(dir, 'report.html'))) return;
      const stream = printsDocument(options) ? process.stderr : process.stdout;
      stream.write(terminalText(`${join(dir, 'report.html')}\n`));
    },
  ]);
}
