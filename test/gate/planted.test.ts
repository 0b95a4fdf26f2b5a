// A scheme that gains one struct page access per I/O does not get past the gate: planted in a copy of the project, built by the
// build's own functions, and run through the command line with rules of the repository's own. All of its rules hold for this
// machine: that is the gate itself (.ci/run).
import { execFileSync, spawnSync } from 'node:child_process';
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

/** Held to the commit before: what the page costs without a clock. */
const COST_RULE = `schema: p2plab.gates/1
rules:
  - { name: costs no more, kind: cost, workload: { bar: 64MiB, ram: 64MiB }, scheme: [page, dma_vec], buffers: fixed }
`;

let copy: string;

beforeAll(async () => {
  copy = scratchFolder('planted');
  for (const part of ['src', 'bin', 'build', 'workers', 'bench', 'package.json']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  commitAsItIs();
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

/** The project before the plant, under git: building it is taking what is built here. */
function commitAsItIs(): void {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const scripts = { build: `cp -r ${JSON.stringify(join(ROOT, 'build'))} build` };
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, scripts }));
  cpSync(join(ROOT, 'package-lock.json'), join(copy, 'package-lock.json'));
  writeFileSync(join(copy, '.gitignore'), 'node_modules\nbuild\n');
  writeFileSync(join(copy, 'cost.yaml'), COST_RULE);
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@t'];
  for (const words of [
    ['init', '-q'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'before'],
  ])
    execFileSync('git', [...identity, ...words], { cwd: copy, stdio: 'ignore' });
}

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

  it('names line, function, structure and field of the load that a commit adds, from both commits without a clock', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(copy, 'bin/p2plab.js'), 'gate', 'cost.yaml', '--against', 'HEAD', '--quiet', '--json', '-'],
      { cwd: copy, encoding: 'utf8' },
    );
    expect(stderr.replace(/^p2plab: compiling .*\n/gm, '')).toBe('');
    const { rules, run } = JSON.parse(stdout);
    expect([status, run.against.ref, rules[0].verdict]).toEqual([1, 'HEAD', 'fail']);
    expect(rules[0].why).toMatch(/accesses of page\/fixed \(host\): expected [\d.]+, got [\d.]+/);
    expect(rules[0].why).toMatch(/src\/machine\/mm\/page\.ts:\d+ isZoneDevice: \+5 ops, \+2 accesses/);
    expect(rules[0].why).toContain('page.flags +1 accesses');
    // Lines that only moved are no change, and the other scheme has none.
    expect(rules[0].why).not.toMatch(/-\d|dma_vec/);
  }, 300_000);
});
