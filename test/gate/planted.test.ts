// A scheme that gains one struct page access per I/O does not get past the gate: planted in a copy of the project, built by the
// build's own functions, and run through the command line with rules of the repository's own. All of its rules hold for this
// machine: that is the gate itself (.ci/run).
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { writeMachineFolder } from '../../src/compile/machine_folder.ts';
import { scratchFolder } from '../support/scratch.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** One more read of the flags of the I/O's first page, where its bio is let go. */
const PLANTED: readonly [string, string][] = [
  [
    '@unmanaged',
    'import { vecAt as plantedVecAt } from "../layout/bio";\nimport { isZoneDevice as plantedTest } from "../mm/page";\n\n@unmanaged',
  ],
  [
    'releasePages(queue, this, bio);',
    'if (plantedTest(plantedVecAt(bio, 0).place)) bio.bi_cookie = 0; releasePages(queue, this, bio);',
  ],
];

/** The first rules of bench/gates.yaml, those of page with user buffers: each rule costs a machine. */
const RULES = 2;

let copy: string;

beforeAll(async () => {
  copy = scratchFolder('planted');
  for (const part of ['src', 'bin', 'build', 'workers', 'bench', 'package.json']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const file = join(copy, 'src/machine/schemes/page.ts');
  const planted = PLANTED.reduce(
    (text, [before, after]) => {
      if (!text.includes(before)) throw new Error(`page.ts has no '${before}'`);
      return text.replace(before, after);
    },
    readFileSync(file, 'utf8'),
  );
  writeFileSync(file, planted);
  const gates = parse(readFileSync(join(ROOT, 'bench/gates.yaml'), 'utf8'));
  writeFileSync(join(copy, 'gates.yaml'), stringify({ ...gates, rules: gates.rules.slice(0, RULES) }));
  await writeMachineFolder(copy, join(copy, 'build/machine'));
}, 120_000);

function gateIn(folder: string) {
  return spawnSync(
    process.execPath,
    [join(folder, 'bin/p2plab.js'), 'gate', join(copy, 'gates.yaml'), '--quiet', '--json', '-'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
}

describe('the rules of bench/gates.yaml', () => {
  it('hold for this machine', () => {
    const { status, stdout } = gateIn(ROOT);
    const broken = JSON.parse(stdout).rules.filter(({ verdict }: { verdict: string }) => verdict === 'fail');
    expect(broken).toEqual([]);
    expect(status).toBe(0);
  });

  it('fail with rule, counter and file when the page scheme reads one struct page more', () => {
    const { status, stdout } = gateIn(copy);
    const broken = JSON.parse(stdout).rules.filter(({ verdict }: { verdict: string }) => verdict === 'fail');
    expect(broken).toHaveLength(RULES);
    for (const { name, why, file } of broken) {
      expect(name).toMatch(/page/);
      expect(why).toMatch(/perIo\.pageLoads of page[^:]*: expected \d+, got \d+ \(src\/machine\/schemes\/page\.ts\)/);
      expect(file).toBe('src/machine/schemes/page.ts');
    }
    expect(status).toBe(1);
  });
});
