// p2plab run [JOB.fio]: measure, print the table, leave the run folder.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { showCommands } from '../jobs/show_command.ts';
import { run } from '../lab/run.ts';
import { checkWritable, writeRunFolder } from '../report/write.ts';
import type { RunCommandOptions } from './commands/run.ts';
import { resolveFault } from './fault_option.ts';
import { startInterruptible } from './interrupt.ts';
import { writeAskedIologs, writeIologs } from './iolog_files.ts';
import { startProgress } from './progress.ts';
import { resolveRun } from './resolve_run.ts';
import { checkOutput, writeOutput } from './run_output.ts';

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
  const outRoot = options.out ?? 'reports';
  await checkWritable(outRoot);
  await checkOutput(options);
  for (const warning of [...warnings, ...writeAskedIologs(params.jobs)]) {
    process.stderr.write(terminalText(`p2plab: ${warning}\n`));
  }

  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() =>
    progress.note('interrupted: finishing the slice and writing what was measured (again to quit at once)'),
  );
  const { result, failure } = await run(params, {
    progress: progress.update,
    onInterruptible: interruption.onAsked,
    fault,
    cores: availableParallelism(),
    warnings,
    argv: process.argv.slice(2),
  }).finally(progress.end);

  await writeOutput(result, options);
  const folder = await writeRunFolder(options.out ?? join(outRoot, result.run.id), result);
  process.stderr.write(terminalText(`p2plab: ${folder.files.length} files in ${folder.dir}\n`));
  interruption.end();
  if (interruption.asked) {
    process.exitCode = EXIT.interrupted;
    if (failure !== undefined) process.stderr.write(terminalText(`p2plab: ${failure.message}\n`));
  } else if (failure !== undefined) throw failure;
}
