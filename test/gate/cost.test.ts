// Rules of kind `cost`: a document of p2plab cost, and a checkout that is as it says or is not.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CostDocument } from '../../src/cost/document.ts';
import { command } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const WORKLOAD = ['--bar', '64MiB', '--ram', '64MiB', '--payload', 'none'];
const GATES = `schema: p2plab.gates/1
rules:
  - name: what the page costs
    kind: cost
    workload: { bar: 64MiB, ram: 64MiB }
    scheme: page
    buffers: fixed
    baseline: cost.json
    misses: 5%
`;

describe('a rule of kind cost', () => {
  let dir: string;
  let written: CostDocument;
  beforeAll(async () => {
    dir = scratchFolder('gate-cost');
    const words = ['cost', ...WORKLOAD, '--scheme', 'page', '--buffers', 'fixed', '--seeds', '1', '--cpu', 'milan'];
    expect((await command([...words, '--quiet', '--json', 'cost.json'], { dir })).code).toBe(0);
    written = JSON.parse(readFileSync(join(dir, 'cost.json'), 'utf8'));
    writeFileSync(join(dir, 'gates.yaml'), GATES);
    // Maps of the modules may have to be compiled first.
  }, 900_000);

  /** The gate with the baseline changed. */
  async function gate(change: (document: CostDocument) => void = () => {}) {
    const document = structuredClone(written);
    change(document);
    writeFileSync(join(dir, 'cost.json'), JSON.stringify(document));
    return command(['gate', 'gates.yaml', '--quiet'], { dir });
  }

  it('passes where nothing has changed, without a clock', async () => {
    const { code, stdout } = await gate();
    expect(stdout).toMatch(/what the page costs +cost +cost of page\/fixed/);
    expect(code).toBe(0);
  });

  it('names the line, the function and the field of one load more', async () => {
    const { code, stdout } = await gate(({ cells: [cell] }) => {
      const line = cell?.functions?.find((each) => each.function === 'isZoneDevice');
      const field = cell?.structures?.find(({ name }) => name === 'page')?.fields.find(({ name }) => name === 'flags');
      for (const counts of [line, cell?.host?.perIo] as { accesses: number }[]) counts.accesses -= 1;
      (field as { reads: number }).reads -= 1;
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /accesses of page\/fixed \(host\): expected \S+, got \S+ \(src\/machine\/mm\/page\.ts:\d+ isZoneDevice: 0 ops, \+1 accesses, page\.flags \+1 accesses\)/,
    );
  });

  it('takes misses within the tolerance, and no others', async () => {
    const scaled = (by: number) => (document: CostDocument) => {
      const misses = document.cells[0]?.host?.cpus.milan?.l2Misses as { mean: number };
      misses.mean *= by;
    };
    expect((await gate(scaled(1.03))).code).toBe(0);
    const { code, stdout } = await gate(scaled(1.2));
    expect([code, /l2Misses of page\/fixed on milan: expected/.test(stdout)]).toEqual([1, true]);
  });

  it('leaves instructions of another compiler out, and says so', async () => {
    const { code, stdout } = await gate((document) => {
      document.compiler = 'assemblyscript 0.1.0, binaryen 1';
      for (const { host } of document.cells) if (host !== undefined) host.perIo.ops += 7;
    });
    expect([code, stdout.includes('fail')]).toEqual([0, false]);
  });

  it('refuses a baseline that is none with one message', async () => {
    writeFileSync(join(dir, 'cost.json'), '{}');
    const { code, stderr } = await command(['gate', 'gates.yaml', '--quiet'], { dir });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /gates\.yaml:3: rule what the page costs: baseline .*cost\.json: expected a p2plab\.cost-baseline\/1 or p2plab\.cost\/1 document, found none/,
    );
  });

  it('writes its baseline on request, small, and holds the checkout to it', async () => {
    writeFileSync(join(dir, 'own.yaml'), GATES.replace('cost.json', 'own.json').replace('    misses: 5%\n', ''));
    const missing = await command(['gate', 'own.yaml', '--quiet'], { dir });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(
      /own\.yaml:3: .*baseline own\.json: there is no such file\. Write it: p2plab gate --update/,
    );
    expect((await command(['gate', 'own.yaml', '--quiet', '--update-baselines'], { dir })).code).toBe(0);
    const text = readFileSync(join(dir, 'own.json'), 'utf8');
    expect(text.length).toBeLessThan(30_000);
    expect((await command(['gate', 'own.yaml', '--quiet'], { dir })).code).toBe(0);
    // A load of a structure in place of one of another: the sums are the same.
    const [, before] = /"bio": \{"perIo":\[([\d.]+),/.exec(text) as unknown as [string, string];
    writeFileSync(
      join(dir, 'own.json'),
      text.replace(`"bio": {"perIo":[${before},`, `"bio": {"perIo":[${Number(before) - 1},`),
    );
    const moved = await command(['gate', 'own.yaml', '--quiet'], { dir });
    expect(moved.stdout).toMatch(/accesses of bio in page\/fixed: expected \S+, got \S+/);
    expect(moved.code).toBe(1);
  });
});
