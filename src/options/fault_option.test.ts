import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { RunOptions } from '../catalogue/options/catalogue.ts';
import { resolveFault } from './fault_option.ts';
import { resolveRun } from './resolve_run.ts';
import { addRunOptions } from './run_options.ts';

async function faultOf(fault: string, cores: number, ...words: string[]) {
  const command = addRunOptions(new Command()).exitOverride();
  command.parse(['--bar', '256MiB', ...words], { from: 'user' });
  const { params } = await resolveRun(undefined, command.opts<RunOptions>());
  return resolveFault(fault, params, cores);
}

it('--fault takes what the run has: workers and processes exit and hang, hosts lose and repeat completions', async () => {
  expect(await faultOf('nvme0:hang@500', 2)).toEqual({ target: 'nvme0', kind: 'hang', afterMs: 500 });
  expect(await faultOf('process2:exit@1', 2)).toMatchObject({ target: 'process2', kind: 'exit' });
  expect(await faultOf('host0:lose@1', 2)).toMatchObject({ kind: 'lose' });
  expect(await faultOf('cpu0:repeat@1', 1)).toMatchObject({ target: 'cpu0' });
  expect(await faultOf('rnic+nvme0:hang@5', 2, '--flow', 'nvmet')).toBeDefined();
  expect(await faultOf('hotplug0:exit@5', 4, '--remove-at', '50%', '--scheme', 'page')).toBeDefined();
});

it.each([
  ['bogus', 2, [], /'bogus' is not TARGET:KIND@MS with a kind of exit, hang, lose, repeat/],
  ['nvme0:explode@5', 2, [], /a kind of exit, hang, lose, repeat/],
  ['cpu0:hang@5', 2, [], /nothing .* called 'cpu0'.* There is host0, nvme0, process0, process1, process2\./],
  ['host0:hang@5', 1, [], /There is cpu0, process0/],
  ['nvme0:lose@5', 2, [], /'nvme0' that could lose a completion. There is host0\./],
  ['process3:exit@5', 2, [], /There is host0, nvme0, process0, process1, process2\./],
  ['process0:hang@5', 2, ['--processes', '1'], /'process0' \(one process is this one\).* There is host0, nvme0\./],
] as const)('--fault %s on %i cores with %j is refused with what there is', async (fault, cores, words, message) => {
  await expect(faultOf(fault, cores, ...words)).rejects.toThrow(message);
});
