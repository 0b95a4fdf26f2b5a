import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { RunOptions } from '../catalogue/options/catalogue.ts';
import type { RunParams } from '../plan/run_plan.ts';
import { resolveRun } from './resolve_run.ts';
import { addRunOptions } from './run_options.ts';

async function paramsOf(...words: string[]): Promise<RunParams> {
  const command = addRunOptions(new Command()).exitOverride();
  command.parse(['--bar', '256MiB', ...words], { from: 'user' });
  return (await resolveRun(undefined, command.opts<RunOptions>())).params;
}

it.each([
  [['none'], 'none'],
  [['move'], 'move'],
  [['verify,none'], 'none'],
])('a job that verifies cannot run under --payload %j, which checks nothing', async (payload, named) => {
  await expect(paramsOf('--set', 'verify=crc32c', '--payload', ...payload)).rejects.toThrow(
    `--payload ${named}: [default] verify=crc32c checks the data of each I/O, which only payload verify does; use --payload verify, or --set verify=0`,
  );
});

it('a job that verifies runs under payload verify, and under any with its checks off', async () => {
  expect((await paramsOf('--set', 'verify=crc32c', '--payload', 'verify')).payloads).toEqual(['verify']);
  expect((await paramsOf('--set', 'verify=0', '--payload', 'none')).payloads).toEqual(['none']);
});
