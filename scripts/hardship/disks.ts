// Disks that are full, read-only or gone.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { must, names } from '../kill/processes.ts';
import type { HardCase } from './case.ts';
import { appears, type Ended, LONG, mustBeTidy, mustEnd, mustHaveResult, p2plab, SHORT, until } from './command.ts';
import { mountSmallDisk, type SmallDisk, whyNoDisk } from './small_disk.ts';

/** Found out when the next point is written, or at the end. */
const GONE = /(points that were measured are not there any more|cannot write .*A folder above it is not there)/;
const ROOMY = 64 * 2 ** 20;
const FULL = /cannot write .*disk is full; free some space or choose another folder with --out/;
const POINTS = [
  'sweep',
  '--axis',
  'bs=512,1k,2k,4k,8k,16k,32k,64k',
  ...SHORT.filter((word) => word !== 'off' && word !== '--bar-sweep'),
];

/** On a disk of its own. */
function onDisk(bytes: number, run: (disk: SmallDisk, out: string, temporary: string) => Promise<void>) {
  return {
    skip: (dir: string) => whyNoDisk(join(dir, 'disk')),
    run: async (dir: string, temporary: string): Promise<void> => {
      const disk = mountSmallDisk(join(dir, 'disk'), bytes);
      try {
        await run(disk, join(disk.dir, 'out'), temporary);
      } finally {
        disk.remove();
      }
    },
  };
}

const pointFiles = (out: string): string[] => names(join(out, 'cells')).filter((name) => name.endsWith('.json'));
const startOf = (out: string, point: string): string =>
  JSON.parse(readFileSync(join(out, 'cells', point), 'utf8')).run.startedAt;

export const DISK_CASES: readonly HardCase[] = [
  {
    name: 'disk full at the lock of a run or a sweep',
    ends: '2, says where and what to do',
    ...onDisk(ROOMY, async (disk, out, temporary) => {
      disk.fill();
      for (const words of [['run', ...SHORT], POINTS])
        mustEnd(await p2plab([...words, '--out', out], temporary), { code: 2, says: FULL });
      mustBeTidy(disk.dir);
    }),
  },
  {
    name: 'disk full during the rounds of a run, temporary folder as well',
    ends: '4, the figures are printed all the same',
    ...onDisk(ROOMY, async (disk, out) => {
      const ended = await p2plab(['run', ...LONG, '--processes', '2', '--out', out], disk.dir, {
        meanwhile: async (child) => {
          await appears(join(out, 'lock.json'), child);
          disk.fill();
        },
      });
      mustEnd(ended, { code: 4, says: FULL });
      must(ended.stdout.includes('page'), 'the table is printed');
      mustBeTidy(disk.dir);
    }),
  },
  {
    name: 'too little room for the results of a run',
    ends: '4, the figures are printed all the same',
    ...onDisk(32_768, async (disk, out, temporary) => {
      const ended = await p2plab(['run', ...SHORT, '--out', out], temporary);
      mustEnd(ended, { code: 4, says: FULL });
      must(ended.stdout.includes('page'), 'the table is printed');
      mustBeTidy(disk.dir);
    }),
  },
  {
    name: 'too little room for all points of a sweep, then room again',
    ends: '4 with whole points, then 0 and none measured twice',
    ...onDisk(64 * 1024, async (disk, out, temporary) => {
      mustEnd(await p2plab([...POINTS, '--out', out], temporary), { code: 4, says: FULL });
      mustBeTidy(disk.dir);
      const before = new Map(pointFiles(out).map((point) => [point, startOf(out, point)]));
      disk.grow(ROOMY);
      mustEnd(await p2plab([...POINTS, '--out', out], temporary), { code: 0 });
      mustBeTidy(disk.dir);
      must(pointFiles(out).length === 8, `all 8 points are there, not ${pointFiles(out).length}`);
      for (const [point, start] of before) must(startOf(out, point) === start, `${point} is not measured again`);
    }),
  },
  {
    name: 'read-only folder: run, sweep, --json',
    ends: '2 each, says that it is read-only',
    ...onDisk(ROOMY, async (disk, out, temporary) => {
      disk.makeReadOnly();
      const says =
        /cannot write .*The file system is read-only; (choose another folder with --out|give another file with --json)/;
      const elsewhere = join(temporary, '..', 'elsewhere');
      const commands = [
        ['run', ...SHORT, '--out', out],
        [...POINTS, '--out', out],
        ['run', ...SHORT, '--out', elsewhere, '--json', join(disk.dir, 'a.json')],
      ];
      for (const words of commands) mustEnd(await p2plab(words, temporary), { code: 2, says });
    }),
  },
  {
    name: 'folder removed during a run',
    ends: '0, the folder is made again',
    run: async (dir, temporary) => {
      const out = join(dir, 'out');
      const ended = await p2plab(['run', ...LONG, '--out', out], temporary, { meanwhile: remove(out) });
      mustEnd(ended, { code: 0 });
      mustHaveResult(out);
      mustBeTidy(out);
    },
  },
  {
    name: 'folder removed during a sweep',
    ends: '4, says that points are gone; then 0',
    run: async (dir, temporary) => {
      const out = join(dir, 'out');
      const ended = await p2plab([...POINTS, '--rounds', '100', '--out', out], temporary, {
        meanwhile: async (child) => {
          await until(() => pointFiles(out).length >= 2, 'two points are there', child);
          rmSync(out, { recursive: true, force: true, maxRetries: 5 });
        },
      });
      mustEnd(ended, { code: 4, says: GONE });
      mustBeTidy(out);
      mustEnd(await p2plab([...POINTS, '--rounds', '100', '--out', out], temporary), { code: 0 });
      must(pointFiles(out).length === 8, 'all 8 points are there');
    },
  },
  {
    name: 'two runs on one folder',
    ends: 'the second 2, says who runs; the first 0',
    run: async (dir, temporary) => {
      const out = join(dir, 'out');
      let second: Ended | undefined;
      const first = await p2plab(['run', ...LONG, '--out', out], temporary, {
        meanwhile: async (child) => {
          await appears(join(out, 'lock.json'), child);
          second = await p2plab(['run', ...SHORT, '--out', out], temporary);
        },
      });
      mustEnd(second as Ended, {
        code: 2,
        says: /a run is running here \(process \d+ on .*choose another folder with --out/,
      });
      mustEnd(first, { code: 0 });
      mustHaveResult(out);
      mustBeTidy(out);
    },
  },
];

function remove(out: string) {
  return async (child: Parameters<typeof appears>[1]): Promise<void> => {
    await appears(join(out, 'lock.json'), child);
    rmSync(out, { recursive: true, force: true, maxRetries: 5 });
  };
}
