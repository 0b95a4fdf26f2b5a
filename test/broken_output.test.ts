// stdout and stderr that break under a command: whatever becomes of them, results are in their files and exit codes stand.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { QUICK } from './support/cli.ts';
import { scratchFolder } from './support/scratch.ts';

const P2PLAB = fileURLToPath(new URL('../bin/p2plab.js', import.meta.url));
const RUN = ['run', ...QUICK, '--scheme', 'page', '--buffers', 'fixed', '--mode', 'inline', '--ram', '64MiB'];
type Stream = 'closed' | 'full';

/** Runs a command with a stdout that nobody reads or that is full, and perhaps such a stderr. */
async function ended(cwd: string, words: string[], stdout: Stream, stderr?: Stream) {
  const full = openSync('/dev/full', 'w');
  const as = (stream: Stream | undefined) => (stream === 'full' ? full : 'pipe');
  const child = spawn(process.execPath, [P2PLAB, ...words], { cwd, stdio: ['ignore', as(stdout), as(stderr)] });
  closeSync(full);
  if (stdout === 'closed') child.stdout?.destroy();
  if (stderr === 'closed') child.stderr?.destroy();
  let told = '';
  child.stderr?.on('data', (chunk) => {
    told += chunk;
  });
  const code = await new Promise<number | null>((done) => {
    child.on('close', done);
  });
  return { code, told };
}

it('a run leaves its folder when nobody reads what it prints, and ends with 0', { timeout: 120_000 }, async () => {
  const dir = scratchFolder('broken');
  expect(await ended(dir, [...RUN, '--out', 'out'], 'closed', 'closed')).toEqual({ code: 0, told: '' });
  expect(readdirSync(join(dir, 'out'))).toEqual(expect.arrayContaining(['report.html', 'result.json']));
});

it('a run leaves its folder when stdout is full, says so and ends with 4', { timeout: 120_000 }, async () => {
  const dir = scratchFolder('broken');
  const { code, told } = await ended(dir, [...RUN, '--out', 'out'], 'full');
  expect(told).toMatch(/cannot write to stdout \(ENOSPC.*files that the command names were written/);
  expect(told).not.toMatch(/\n\s+at /);
  expect(code).toBe(4);
  expect(readdirSync(join(dir, 'out'))).toEqual(expect.arrayContaining(['report.html', 'result.json']));
});

it.each(['closed', 'full'] as const)(
  'a command that only prints ends as it should with a stdout that is %s',
  async (stdout) => {
    const dir = scratchFolder('broken');
    const { code, told } = await ended(dir, ['topology', 'one-switch', '--json'], stdout);
    expect([code, /\n\s+at /.test(told)]).toEqual([stdout === 'full' ? 4 : 0, false]);
  },
);

it.each([
  ['holds', 3, 0],
  ['fails', 4, 1],
] as const)(
  'a gate that %s ends as it should when nobody reads what it prints',
  { timeout: 120_000 },
  async (_, atomics, code) => {
    const dir = scratchFolder('broken');
    writeFileSync(
      join(dir, 'gates.yaml'),
      `schema: p2plab.gates/1\nrules:\n  - name: pins\n    kind: exact\n    workload: { bar: 64MiB, bs: 4k }\n` +
        `    scheme: page\n    buffers: user\n    expect: { perIo.pageAtomics: ${atomics} }\n`,
    );
    const found = await ended(dir, ['gate', 'gates.yaml', '--quiet', '--json', 'gate.json'], 'closed');
    expect(found).toEqual({ code, told: '' });
    expect(JSON.parse(readFileSync(join(dir, 'gate.json'), 'utf8'))).toMatchObject({ exitCode: code });
  },
);
