// What the command line says without running a command.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { version } from '../base/version.ts';
import { runCommandLine } from './command_line.ts';

const COMMANDS = ['run', 'sweep', 'merge', 'report', 'topology', 'memory', 'layout', 'doctor', 'gate'];

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** What a command line prints, and its exit code. */
async function said(...words: string[]): Promise<{ stdout: string; stderr: string; code: unknown }> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text;
      return true;
    });
  await runCommandLine(['node', 'p2plab', ...words]);
  vi.restoreAllMocks();
  return { ...written, code: process.exitCode ?? 0 };
}

test('help lists every command; nothing at all is asked for help', async () => {
  for (const words of [[], ['--help'], ['help']]) {
    const { stdout, stderr, code } = await said(...words);
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} \\[options\\]`, 'm'));
    expect(stdout).toMatch(/Exit codes: 0 done/);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  }
});

test.each(COMMANDS)('%s has a help text of its own, asked for either way', async (name) => {
  const help = await said(name, '--help');
  expect(help).toMatchObject({ stderr: '', code: 0 });
  expect(help.stdout).toMatch(new RegExp(`^Usage: p2plab ${name} \\[options\\]`));
  expect(help.stdout).toMatch(/^ {2}--(out|json)/m);
  expect((await said('help', name)).stdout).toBe(help.stdout);
});

test('--version says the version', async () => {
  expect(await said('--version')).toEqual({ stdout: `${version()}\n`, stderr: '', code: 0 });
});

test('an unknown command or option ends with 2 and one message', async () => {
  expect(await said('swep')).toEqual({
    stdout: '',
    stderr: "p2plab: unknown command 'swep'\n(Did you mean sweep?)\n",
    code: 2,
  });
  expect(await said('--verison')).toMatchObject({ stdout: '', code: 2, stderr: expect.stringMatching(/--version/) });
  expect(await said('report', '--bogus', 'dir')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/unknown option/),
  });
});

test('help needs few files, and no package but the parser of the command line', () => {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const entries = [join(root, 'command_line.ts'), ...COMMANDS.map((name) => join(root, 'commands', `${name}.ts`))];
  const files = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const statements = readFileSync(file, 'utf8').matchAll(/^(?:import|export)(?! type) [^;]*?from '([^']+)';/gm);
    for (const [, from = ''] of statements)
      if (from.startsWith('.')) follow(resolve(dirname(file), from));
      else packages.add(from);
  };
  for (const entry of entries) follow(entry);
  expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual(['commander']);
  expect(files.size).toBeLessThan(45);
});
