// Closed streams, one core, limits of the process, no home, no temporary folder, a clock that jumps.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseResult } from '../../src/result/schema.ts';
import { must } from '../kill/processes.ts';
import type { HardCase } from './case.ts';
import { type Expected, LONG, mustBeTidy, mustEnd, mustHaveResult, p2plab, type Setting, SHORT } from './command.ts';

const HOUR_MS = 3_600_000;
/** Beyond what two processes of `LONG` may take, within a clock's jump. */
const LONGEST_MS = 600_000;
const HELD = /See ulimit|ulimit -[nuv]/;

/** A shell that changes something and becomes the command. */
const shell = (words: string): string[] => ['bash', '-c', `${words} exec "$@"`, 'bash'];
/** A shell that runs the command with its streams changed. */
const streams = (words: string): string[] => ['bash', '-c', `exec "$@" ${words}`, 'bash'];

/** A run that has to come through. */
function comesThrough(name: string, setting: Setting, more: readonly string[] = [], expected: Expected = { code: 0 }) {
  return {
    name,
    ends: `${expected.code}, the result is whole`,
    run: async (dir: string, temporary: string): Promise<void> => {
      const out = join(dir, 'out');
      mustEnd(await p2plab(['run', ...SHORT, ...more, '--out', out], temporary, setting), expected);
      mustHaveResult(out);
      mustBeTidy(out);
    },
  };
}

/** A run that cannot be had under a limit. */
function isHeld(name: string, limit: string, more: readonly string[], before: readonly string[] = []): HardCase {
  return {
    name,
    ends: '4 (2 before anything runs), says which limit',
    run: async (dir, temporary) => {
      const out = join(dir, 'out');
      const through = [...before, ...shell(`${limit};`)];
      const ended = await p2plab(['run', ...SHORT, ...more, '--out', out], temporary, { through });
      mustEnd(ended, { code: ended.code === 2 ? 2 : 4, says: HELD });
      mustBeTidy(out);
    },
  };
}

const THREADS = ['--mode', 'threads,inline'];
const BOTH = [...THREADS, '--processes', '2'];

/** Date.now in every process of the command, an hour further every other second by the clock that nobody sets. */
const JUMPING_CLOCK = `const real = Date.now;
Date.now = () => real() + (Math.floor(performance.now() / 500) % 2 === 0 ? 0 : STEP);
`;

function clockJumps(name: string, step: number): HardCase {
  return {
    name,
    ends: '0, durations are those of the monotonic clock',
    run: async (dir, temporary) => {
      const [out, preload] = [join(dir, 'out'), join(dir, 'clock.mjs')];
      writeFileSync(preload, JUMPING_CLOCK.replace('STEP', String(step)));
      const env = { NODE_OPTIONS: `--import ${preload}` };
      mustEnd(await p2plab(['run', ...LONG, ...BOTH, '--out', out], temporary, { env }), { code: 0 });
      mustHaveResult(out);
      const file = join(out, 'result.json');
      const { durationMs } = parseResult(readFileSync(file, 'utf8'), file).run;
      must(durationMs > 0 && durationMs < LONGEST_MS, `it took ${durationMs} ms`);
      mustBeTidy(out);
    },
  };
}

/** Limits of processes do not hold root: another user does it, with the right to read this checkout. */
const AS_NOBODY = [
  ...['setpriv', '--reuid', '65534', '--inh-caps', '+dac_override,+fowner', '--ambient-caps', '+dac_override,+fowner'],
  ...['--bounding-set', '-sys_resource,-sys_admin', '--'],
];

function whyNotNobody(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  try {
    execFileSync(AS_NOBODY[0] as string, [...AS_NOBODY.slice(1), process.execPath, '--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'setpriv cannot change the user here';
  }
}

const hasTaskset = (): string | undefined => {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no taskset, or no processor 0';
  }
};

export const SURROUNDING_CASES: readonly HardCase[] = [
  comesThrough('closed stdin', { through: streams('<&-') }),
  comesThrough('closed stdout', { through: streams('>&-') }),
  comesThrough('closed stderr', { through: streams('2>&-') }),
  comesThrough('all three closed, two processes', { through: streams('<&- >&- 2>&-') }, BOTH),
  comesThrough('full stdout', { through: streams('> /dev/full') }, [], { code: 4, says: /cannot write to stdout/ }),
  comesThrough('stdout that nobody reads', { through: ['bash', '-o', 'pipefail', '-c', '"$@" | true', 'bash'] }),
  { ...comesThrough('one core', { through: ['taskset', '-c', '0'] }, BOTH), skip: hasTaskset },
  comesThrough('no HOME', { env: { HOME: undefined } }, BOTH),
  comesThrough('HOME that is not there', { env: { HOME: '/nonexistent' } }, BOTH),
  comesThrough('no temporary folder', { env: { TMPDIR: '/nonexistent/tmp' } }, BOTH),
  isHeld('ulimit -v of 2 GiB', 'ulimit -v 2097152', []),
  isHeld('ulimit -n of 24', 'ulimit -n 24', THREADS),
  isHeld('ulimit -n of 24, two processes', 'ulimit -n 24', BOTH),
  // Too few for a second process; for its threads, by each of which it may hang; for those of the agents.
  ...[11, 13, 14, 16, 18, 20].map((most) => ({
    ...isHeld(`ulimit -u of ${most}`, `ulimit -u ${most}`, BOTH, AS_NOBODY),
    skip: whyNotNobody,
  })),
  clockJumps('a clock that jumps ahead by an hour and back', HOUR_MS),
  clockJumps('a clock that jumps back by an hour and ahead', -HOUR_MS),
];
