// `gate --against REF`: the other commit is made, built, asked in alternating order and cleaned away. The project is a copy under
// git whose `p2plab run` answers at once with figures that are known, so that verdicts do not depend on this machine.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { until } from '../support/wait.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GATES = `schema: p2plab.gates/1
budget: 20s
workloads: { w: { bar: 16MiB, bs: 8k } }
rules:
  - { name: as fast as before, kind: against, workload: w, scheme: page, buffers: fixed, margin: 3 }
`;

/** `run` answers with 100 ns (times `factor`) and 0.2 % of noise, and notes in a log that it was asked. */
function bin(side: string, factor: number): string {
  return `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { runOnNode24 } from './launch.js';
const args = process.argv.slice(2);
const log = process.env.ASKED_LOG;
if (args[0] !== 'run' || log === undefined) await runOnNode24(new URL('../src/cli/main.ts', import.meta.url).pathname, args);
else if (args.includes('--help')) console.log('--json <file> --bar-sweep <on|off>');
else {
  const asked = existsSync(log) ? readFileSync(log, 'utf8').split('\\n').length : 1;
  appendFileSync(log, '${side} ' + args.join(' ') + '\\n');
  const median = 100 * ${factor} * (1 + 0.002 * Math.sin(asked * asked));
  const cell = { scheme: 'page', params: { buffers: 'fixed', role: 'reference' }, cpuNsPerIo: { median } };
  console.log(JSON.stringify({ schema: 'p2plab.result/1', cells: [cell] }));
}
`;
}

let project: string;
let log: string;

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...identity, ...args], {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** A commit whose `run` is so fast and whose build script is so, under a tag. */
function commit(tag: string, factor: number, build = 'true'): void {
  writeFileSync(join(project, 'bin/p2plab.js'), bin(tag, factor));
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ ...manifest, scripts: { build } }));
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', tag);
  git('tag', tag);
}

beforeAll(() => {
  project = scratchFolder('project');
  log = join(project, '..', `${project.split('/').pop()}.log`);
  for (const part of ['src', 'bin', 'build', 'workers', 'package-lock.json']) {
    cpSync(join(ROOT, part), join(project, part), { recursive: true });
  }
  writeFileSync(join(project, '.gitignore'), 'node_modules\nbuild\n');
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  git('init', '-q');
  commit('fast', 0.9);
  commit('broken', 1, 'echo no such thing >&2; exit 1');
  commit('slow-to-build', 1, 'echo building > ../building; sleep 60');
  rmSync(join(project, 'bin/p2plab.js'));
  git('commit', '-q', '-a', '-m', 'no-bin');
  git('tag', 'no-bin');
  commit('same', 1);
  commit('now', 1);
  chmodSync(join(project, 'bin/p2plab.js'), 0o755);
  writeFileSync(join(project, 'gates.yaml'), GATES);
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
  rmSync(log, { force: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function against(ref: string, whileRunning?: (child: { kill(signal: NodeJS.Signals): void }) => void): Promise<Ended> {
  rmSync(log, { force: true });
  const args = [join(project, 'bin/p2plab.js'), 'gate', '--against', ref, '--quiet', '--json', '-'];
  const child = spawn(process.execPath, args, {
    cwd: project,
    env: { ...process.env, ASKED_LOG: log, GITHUB_ACTIONS: '' },
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk;
  });
  whileRunning?.({ kill: (signal) => child.kill(signal) });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

function worktrees(): number {
  return git('worktree', 'list', '--porcelain')
    .split('\n')
    .filter((line) => line.startsWith('worktree ')).length;
}

describe('a gate against another commit', () => {
  it('passes where both are as fast, in alternating order, with the workload given to both', async () => {
    const { code, stdout, stderr } = await against('same');
    expect(stderr).toBe('');
    const document = JSON.parse(stdout);
    expect(document.rules).toMatchObject([{ name: 'as fast as before', verdict: 'pass' }]);
    expect(document.run.against).toEqual({ ref: 'same', commit: git('rev-parse', 'same').trim() });
    expect(code).toBe(0);
    const asked = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(asked.length).toBeGreaterThanOrEqual(12);
    const sides = asked.map((line) => line.split(' ')[0]);
    expect(sides).toEqual(sides.map((_, i) => (i % 4 === 0 || i % 4 === 3 ? 'now' : 'same')));
    const words = asked.map((line) =>
      line
        .split(' ')
        .slice(1)
        .join(' ')
        .replace(/--out \S+/, ''),
    );
    expect(new Set(words).size).toBe(1);
    expect(words[0]).toMatch(/^run --scheme=page --buffers=fixed --mode=inline --rounds=6 --round-ms=20 /);
    expect(words[0]).toMatch(/ --bar=16MiB --set=bs=8k/);
    // This commit's help knows no --processes.
    expect(words[0]).toMatch(/ --bar-sweep=off --quiet/);
    expect(words[0]).not.toMatch(/--processes/);
    expect(worktrees()).toBe(1);
  }, 60_000);

  it('fails where this one is slower by more than the margin', async () => {
    const { code, stdout } = await against('fast');
    const [rule] = JSON.parse(stdout).rules;
    expect(rule.verdict).toBe('fail');
    expect(rule.measured).toMatch(/^cpuNsPerIo of page\/fixed over that of the other commit: 1\.1/);
    expect(code).toBe(1);
    expect(worktrees()).toBe(1);
  }, 60_000);

  it.each([
    ['no-such-ref', /--against no-such-ref: no such commit here/],
    ['--upload-pack=x', /no such commit here/],
    ['broken', /--against broken \([0-9a-f]{12}\): does not build \(npm run build\): no such thing/],
    ['no-bin', /has no bin\/p2plab\.js/],
  ])('that is %s ends with exit 2 and says so', async (ref, message) => {
    const { code, stdout, stderr } = await against(ref);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([code, stdout]).toEqual([2, '']);
    expect(worktrees()).toBe(1);
  });

  it('cleans up on Ctrl-C while it builds, and exits 130', async () => {
    const { code } = await against('slow-to-build', async ({ kill }) => {
      const tree = (): string | undefined => /^(\S+p2plab-against-\S+)\/tree /m.exec(git('worktree', 'list'))?.[1];
      await until(() => existsSync(join(tree() ?? '/nowhere', 'building')));
      kill('SIGINT');
    });
    expect(code).toBe(130);
    expect(worktrees()).toBe(1);
  }, 60_000);
});
