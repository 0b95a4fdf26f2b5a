// The bench of gates beside a busy process: its rules can be read and run, and it counts verdicts. Timed rules beside a busy
// process take minutes, so what is run here is counted.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readGates } from '../../src/gate/gates_file.ts';
import { planWorkloads } from '../../src/gate/run/workloads.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { gatesBesideBusyProcess, RULES } from './noise.ts';

it('has rules of one workload, all of them about the reference and its copy', async () => {
  const [planned, ...others] = await planWorkloads(readGates(readFileSync(RULES, 'utf8'), RULES).rules, RULES);
  expect(others).toEqual([]);
  expect(planned?.rules.every((rule) => 'a' in rule && rule.a.isCopy)).toBe(true);
  expect(planned?.modes.toSorted()).toEqual(['inline', 'threads']);
});

it('counts how the gates end', async () => {
  const rules = join(scratchFolder('noise'), 'gates.yaml');
  const rule = (name: string, atomics: number): string =>
    `  - { name: ${name}, kind: exact, workload: { bar: 16MiB }, scheme: page, buffers: user, expect: { perIo.pageAtomics: ${atomics} } }\n`;
  writeFileSync(rules, `schema: p2plab.gates/1\nrules:\n${rule('holds', 3)}${rule('wrong', 0)}`);
  const noise = await gatesBesideBusyProcess(2, { rules, budget: '1s' });
  expect(noise).toEqual({
    exits: new Map([[1, 2]]),
    rules: new Map([
      ['holds', { pass: 2 }],
      ['wrong', { fail: 2 }],
    ]),
  });
}, 60_000);
