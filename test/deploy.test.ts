// What deploy/ promises about exit codes: which ends are tried again, and which are not.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { EXIT } from '../src/base/errors.ts';
import { expand } from '../src/sweep/expand.ts';
import { parseSpec } from '../src/sweep/spec.ts';
import { scratchFolder } from './support/scratch.ts';

const deploy = (name: string): string => fileURLToPath(new URL(`../deploy/${name}`, import.meta.url));
const RETRYABLE = [EXIT.runFailed, EXIT.interrupted, 137, 143];

describe('the Slurm script', () => {
  let dir = '';
  beforeAll(() => {
    dir = scratchFolder('deploy');
    for (const [name, text] of [
      ['p2plab', 'echo "$@" > "$0.words"; exit "$FAKE_CODE"'],
      ['scontrol', 'echo "$@" > "$0.words"'],
    ] as const) {
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(dir, name), 0o755);
    }
  });

  /** Runs it with a p2plab that ends so; what it asked of both programs. */
  function task(code: number, env: Record<string, string> = {}) {
    for (const name of ['p2plab', 'scontrol']) rmSync(join(dir, `${name}.words`), { force: true });
    const ended = spawnSync('bash', [deploy('slurm.sbatch')], {
      encoding: 'utf8',
      env: {
        PATH: `${dir}:${process.env.PATH}`,
        FAKE_CODE: String(code),
        P2PLAB_SWEEP: 's.yaml',
        P2PLAB_OUT: 'out',
        P2PLAB_SHARDS: '4',
        SLURM_ARRAY_JOB_ID: '17',
        SLURM_ARRAY_TASK_ID: '2',
        ...env,
      },
    });
    const words = (name: string): string | undefined => {
      try {
        return readFileSync(join(dir, `${name}.words`), 'utf8').trim();
      } catch {
        return undefined;
      }
    };
    return { code: ended.status, sweep: words('p2plab'), scontrol: words('scontrol') };
  }

  it('runs its part and ends as the sweep does', () => {
    expect(task(0)).toEqual({
      code: 0,
      sweep: 'sweep s.yaml --out out --retry-failed --quiet',
      scontrol: undefined,
    });
  });

  it('queues the task again after what may pass, and not after bad input', () => {
    for (const code of RETRYABLE) expect(task(code)).toMatchObject({ code, scontrol: 'requeue 17_2' });
    expect(task(EXIT.usage)).toMatchObject({ code: EXIT.usage, scontrol: undefined });
  });

  it('gives up after some times', () => {
    expect(task(EXIT.runFailed, { SLURM_RESTART_COUNT: '3' })).toMatchObject({
      code: EXIT.runFailed,
      scontrol: undefined,
    });
    expect(task(EXIT.runFailed, { SLURM_RESTART_COUNT: '3', P2PLAB_RETRIES: '5' }).scontrol).toBe('requeue 17_2');
  });
});

describe('the Kubernetes manifest', () => {
  const documents = parseAllDocuments(readFileSync(deploy('kubernetes.yaml'), 'utf8'));
  const [config, job] = documents.map((document) => document.toJS()) as [
    { data: Record<string, string> },
    { spec: Record<string, never> & { completions: number; podFailurePolicy: { rules: Rule[] }; template: Template } },
  ];
  interface Rule {
    action: string;
    onExitCodes?: { operator: string; values: number[]; containerName: string };
  }
  interface Template {
    spec: { restartPolicy: string; containers: { name: string; env: { name: string; value: string }[] }[] };
  }

  it('has a pod for each part, and tells it how many there are', () => {
    const { completions, template } = job.spec;
    expect(template.spec.containers[0]?.env).toContainEqual({ name: 'P2PLAB_SHARDS', value: String(completions) });
    expect(template.spec.restartPolicy).toBe('Never');
  });

  it('fails the job on bad input only, and counts what may pass', () => {
    const { rules } = job.spec.podFailurePolicy;
    const codesOf = (action: string) =>
      rules.filter((rule) => rule.action === action).flatMap((rule) => rule.onExitCodes?.values ?? []);
    expect(codesOf('FailJob')).toEqual([EXIT.usage]);
    expect(codesOf('Count')).toEqual(RETRYABLE);
    expect(rules.flatMap(({ onExitCodes }) => onExitCodes?.containerName ?? [])).toEqual(['sweep', 'sweep']);
  });

  it('has a sweep file that is one', () => {
    const spec = parseSpec(config.data['sweep.yaml'] as string, 'sweep.yaml', (name) => ({ kind: 'run', name }));
    expect(expand(spec)).toHaveLength(18);
  });
});
