import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { FIO, needing } from '../../test/support/needs.ts';
import { TIB } from '../base/units.ts';
import { parseJobFile } from './job_file.ts';
import { resolveJobs } from './resolve.ts';
import { showCommands } from './show_command.ts';

const TEXT = `[global]
ioengine=io_uring
bs=4k,8k
size=1g
[it's one]
rw=randrw
rwmixwrite=30
[two]
stonewall
rw=write:4k
zonemode=strided
zonesize=1m
zonerange=2m
numjobs=2
time_based
runtime=3s
`;

function commands(): string[] {
  return showCommands(
    resolveJobs(parseJobFile(TEXT, 'x.fio'), { limits: { maxIodepth: 64, namespaceBytes: TIB } }).jobs,
  );
}

describe('--showcmd', () => {
  it('writes each job as a command of what was resolved, without what is ignored', () => {
    const [one, two] = commands();
    expect(one).toMatch(/^fio --name='it'\\''s one' /);
    for (const word of ['--rw=randrw', '--bs=4k,8k', '--rwmixread=70', '--size=1073741824', '--iodepth=1']) {
      expect(one?.split(' ')).toContain(word);
    }
    expect(one).not.toMatch(/ioengine|stonewall/);
    expect(two).toMatch(/--zonemode=strided --zonesize=1m --zonerange=2m .*--numjobs=2 .*--stonewall$/);
  });

  needing(FIO).it('fio takes it', () => {
    for (const command of commands()) {
      const parsed = spawnSync('sh', ['-c', `${command} --ioengine=null --parse-only`], { encoding: 'utf8' });
      expect(parsed.stderr + parsed.stdout).toBe('');
      expect(parsed.status).toBe(0);
    }
  });
});
