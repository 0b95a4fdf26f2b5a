// One part of a sweep for each of several machines. The part is told by a point's hash alone, so every machine agrees without talking.
import { LabError } from '../base/errors.ts';

/** Part `index` of `count`, from 1. */
export interface Shard {
  index: number;
  count: number;
}

const MAX_SHARDS = 100_000;

/** Whether there is such a part. */
export function isShard({ index, count }: Partial<Shard>): boolean {
  return Number.isInteger(index) && Number.isInteger(count) && inRange(index as number, count as number);
}

function inRange(index: number, count: number): boolean {
  return index >= 1 && index <= count && count <= MAX_SHARDS;
}

/** Whether a point belongs to a shard. */
export function isOf(hash: string, { index, count }: Shard): boolean {
  return shardIndex(hash, count) === index;
}

/** The shard of a point, from 1. */
export function shardIndex(hash: string, count: number): number {
  return (Number.parseInt(hash.slice(0, 12), 16) % count) + 1;
}

/** `2/4` */
export function shardWords({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** @throws LabError unless it is i/n with i from 1 to n */
export function parseShard(text: string, what = '--shard'): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text.trim());
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && isShard({ index, count })) return { index, count };
  throw new LabError(`${what}: '${text}' is not i/n with i from 1 to n, for example 2/4.`);
}

/**
 * The shard that a batch system's environment means: a Slurm array task, or a pod of a Kubernetes Indexed Job. P2PLAB_SHARDS tells
 * the number of parts where the system does not: Kubernetes, or single tasks of a Slurm array (from 0) run once more.
 * @returns undefined outside of both
 */
export function shardOfEnvironment(env: Readonly<Record<string, string | undefined>>): Shard | undefined {
  if (env.SLURM_ARRAY_TASK_ID !== undefined) return slurmShard(env);
  if (env.JOB_COMPLETION_INDEX === undefined) return undefined;
  if (env.P2PLAB_SHARDS === undefined) {
    throw new LabError(
      'JOB_COMPLETION_INDEX is set but not P2PLAB_SHARDS: set it to the completions of the Job (deploy/kubernetes.yaml), or give --shard.',
    );
  }
  const index = wholeNumber(env, 'JOB_COMPLETION_INDEX') + 1;
  return parseShard(`${index}/${env.P2PLAB_SHARDS}`, 'JOB_COMPLETION_INDEX + 1 of P2PLAB_SHARDS');
}

function slurmShard(env: Readonly<Record<string, string | undefined>>): Shard {
  const id = wholeNumber(env, 'SLURM_ARRAY_TASK_ID');
  if (env.P2PLAB_SHARDS !== undefined)
    return parseShard(`${id + 1}/${env.P2PLAB_SHARDS}`, 'SLURM_ARRAY_TASK_ID + 1 of P2PLAB_SHARDS');
  const first = env.SLURM_ARRAY_TASK_MIN === undefined ? 0 : wholeNumber(env, 'SLURM_ARRAY_TASK_MIN');
  const step = env.SLURM_ARRAY_TASK_STEP === undefined ? 1 : wholeNumber(env, 'SLURM_ARRAY_TASK_STEP');
  const count = wholeNumber(env, 'SLURM_ARRAY_TASK_COUNT');
  const index = (id - first) / step + 1;
  if (Number.isInteger(index) && index >= 1 && index <= count) return { index, count };
  throw new LabError(
    `SLURM_ARRAY_TASK_ID ${id} is not one of ${count} tasks from ${first} in steps of ${step}: use an array without gaps (--array=0-${Math.max(0, count - 1)}) or give --shard.`,
  );
}

function wholeNumber(env: Readonly<Record<string, string | undefined>>, name: string): number {
  const text = env[name] ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  throw new LabError(`${name}: '${text}' is not a whole number; give --shard i/n.`);
}
