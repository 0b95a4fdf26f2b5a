// p2plab run [JOB.fio]: measure, print the table, leave the run folder.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../base/errors.ts';
import { run } from '../lab/run.ts';
import { terminalSummary } from '../report/summary.ts';
import { checkWritable, writeAtomically, writeRunFolder } from '../report/write.ts';
import { startProgress } from './progress.ts';
import { addRunOptions, parseFault, type RunOptions, resolveRun } from './run_options.ts';

export function register(program: Command): void {
  const command = program
    .command('run')
    .argument(
      '[job.fio|trace]',
      'fio job file, or a trace (fio iolog, MSR Cambridge, MQSim); without one the default comparison',
    )
    .description('compare address schemes on one workload, interleaved, and say what differs and how sure that is');
  addRunOptions(command).action(runCommand);
}

async function runCommand(jobFile: string | undefined, options: RunOptions): Promise<void> {
  const { params, warnings } = await resolveRun(jobFile, options);
  const fault = parseFault(options.fault);
  const outRoot = options.out ?? 'reports';
  await checkWritable(outRoot);
  if (options.json !== undefined && options.json !== '-') await checkWritable(join(options.json, '..'));
  for (const warning of warnings) process.stderr.write(`p2plab: ${warning}\n`);

  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  let interrupts = 0;
  let interrupt = (): void => {};
  const onSignal = (): void => {
    if (++interrupts > 1) process.exit(EXIT.interrupted);
    progress.note('interrupted: finishing the slice and writing what was measured (again to quit at once)');
    interrupt();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const { result, failure } = await run(params, {
    progress: progress.update,
    onInterruptible: (stop) => {
      interrupt = stop;
    },
    fault,
    cores: availableParallelism(),
    warnings,
    argv: process.argv.slice(2),
  }).finally(progress.end);

  const document = `${JSON.stringify(result, null, 1)}\n`;
  if (options.json === '-') process.stdout.write(document);
  else process.stdout.write(terminalSummary(result, { colour: process.stdout.isTTY === true }));
  if (options.json !== undefined && options.json !== '-') await writeAtomically(options.json, document);
  const folder = await writeRunFolder(options.out ?? join(outRoot, result.run.id), result);
  process.stderr.write(`p2plab: ${folder.files.length} files in ${folder.dir}\n`);
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  if (failure !== undefined) throw failure;
  if (interrupts > 0) process.exitCode = EXIT.interrupted;
}
