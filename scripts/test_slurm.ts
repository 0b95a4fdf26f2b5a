// npm run test:slurm: a sweep on a real Slurm. Starts munged, slurmctld and slurmd of one node on loopback in a folder of its own,
// runs deploy/slurm.sbatch through it (whole, killed and queued again, bad input), compares with an undivided sweep, stops it all.
// Debian: apt-get install slurm-wlm munge. Skips with a reason where that is missing.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseResult, type Result } from '../src/result/schema.ts';
import type { SweepDocument } from '../src/sweep/folder.ts';
import { isOf } from '../src/sweep/shard.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const P2PLAB = `${process.execPath} ${join(ROOT, 'bin/p2plab.js')}`;
const SHARDS = 4;
const SPEC = `scheme: page
buffers: {list: [fixed]}
mode: inline
payload: none
bar: 64MiB
ram: 64MiB
rounds: 2
round-ms: 1
bs: [512, 1k, 2k, 4k]
iodepth: [1, 8, 32]
`;
const run = promisify(execFile);

function programs(): Record<string, string> | string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found: Record<string, string> = {};
  for (const name of ['munged', 'slurmctld', 'slurmd', 'sbatch', 'sinfo', 'squeue', 'scontrol', 'scancel']) {
    const path = folders.map((folder) => join(folder, name)).find(existsSync);
    if (path === undefined) return `${name} is not installed (apt-get install slurm-wlm munge)`;
    accessSync(path, constants.X_OK);
    found[name] = path;
  }
  return process.getuid?.() === 0 ? found : 'slurmd needs root to start jobs';
}

interface Cluster {
  env: NodeJS.ProcessEnv;
  dir: string;
  program: Record<string, string>;
  daemons: ChildProcess[];
}

async function startCluster(cluster: Cluster): Promise<void> {
  const { dir, program, env } = cluster;
  const [controllerPort, nodePort] = [await freePort(), await freePort()];
  const key = join(dir, 'munge.key');
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  for (const folder of ['state', 'spool', 'munge']) mkdirSync(join(dir, folder), { mode: 0o755 });
  const socket = join(dir, 'munge', 'socket');
  const host = hostname();
  writeFileSync(
    join(dir, 'slurm.conf'),
    `${[
      'ClusterName=p2plab',
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${controllerPort}`,
      `SlurmdPort=${nodePort}`,
      'SlurmUser=root',
      'AuthType=auth/munge',
      `AuthInfo=socket=${socket}`,
      `StateSaveLocation=${join(dir, 'state')}`,
      `SlurmdSpoolDir=${join(dir, 'spool')}`,
      `SlurmctldPidFile=${join(dir, 'slurmctld.pid')}`,
      `SlurmdPidFile=${join(dir, 'slurmd.pid')}`,
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'SelectType=select/cons_tres',
      'SchedulerParameters=batch_sched_delay=1,sched_interval=2,requeue_delay=1',
      'JobAcctGatherType=jobacct_gather/none',
      'MpiDefault=none',
      'ReturnToService=2',
      'KillWait=5',
      'SlurmdParameters=config_overrides',
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} State=UNKNOWN`,
      'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
    ].join('\n')}\n`,
  );
  const start = (name: string, args: string[]): void => {
    cluster.daemons.push(spawn(program[name] as string, args, { env, stdio: 'ignore' }));
  };
  start('munged', [
    ...['--foreground', '--force', `--socket=${socket}`, `--key-file=${key}`, `--log-file=${join(dir, 'munged.log')}`],
    ...[`--pid-file=${join(dir, 'munge', 'pid')}`, `--seed-file=${join(dir, 'munge', 'seed')}`],
  ]);
  await until('munged answers', () => existsSync(socket));
  start('slurmctld', ['-D', '-L', join(dir, 'slurmctld.log')]);
  start('slurmd', ['-D', '-N', host, '-L', join(dir, 'slurmd.log')]);
  await until('the node is idle', async () => (await slurm(cluster, 'sinfo', ['-h', '-o', '%t'])).trim() === 'idle');
}

async function slurm({ env, program }: Cluster, name: string, args: string[]): Promise<string> {
  const { stdout } = await run(program[name] as string, args, { env });
  return stdout;
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 120_000): Promise<void> {
  const began = performance.now();
  while (performance.now() - began < withinMs) {
    const holds = await (async () => condition())().catch(() => false);
    if (holds) return;
    await new Promise((resume) => setTimeout(resume, 200));
  }
  throw new Error(`waited ${withinMs / 1000} s in vain until ${what}`);
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
  process.stdout.write(`  ${what}\n`);
}

/** Submits the script; waits until the whole array is gone from the queue when asked to. */
async function submit(cluster: Cluster, spec: string, out: string, array: string): Promise<string> {
  const variables = { P2PLAB, P2PLAB_SWEEP: spec, P2PLAB_OUT: out, P2PLAB_SHARDS: String(SHARDS) };
  const env = { ...cluster.env, ...variables };
  const { stdout } = await run(
    cluster.program.sbatch as string,
    [
      '--parsable',
      `--array=${array}`,
      `--chdir=${cluster.dir}`,
      `--output=${out}.%a.log`,
      join(ROOT, 'deploy/slurm.sbatch'),
    ],
    { env },
  );
  return stdout.trim().split(';')[0] as string;
}

async function ended(cluster: Cluster, job: string): Promise<void> {
  await until(
    `job ${job} has ended`,
    async () => {
      const queue = await slurm(cluster, 'squeue', ['-h', '-j', job, '-o', '%T']).catch(() => '');
      return queue
        .trim()
        .split(/\s+/)
        .every((state) => state === '' || /^(COMPLETED|FAILED|CANCELLED)$/.test(state));
    },
    300_000,
  );
}

/** Exit code of a task as Slurm recorded it, and how often it was started again. */
async function taskState(cluster: Cluster, job: string, task: number): Promise<{ exit: string; restarts: number }> {
  const text = await slurm(cluster, 'scontrol', ['show', 'job', `${job}_${task}`]);
  const field = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(text)?.[1] ?? '';
  return { exit: field('ExitCode'), restarts: Number(field('Restarts')) };
}

const pointsOf = (dir: string): string[] =>
  readdirSync(join(dir, 'cells'))
    .filter((file) => file.endsWith('.json'))
    .sort();
const resultOf = (dir: string): Result => parseResult(readFileSync(join(dir, 'result.json'), 'utf8'), dir);
const startsOf = (dir: string): Map<string, string> =>
  new Map(
    pointsOf(dir).map((file) => [
      file,
      parseResult(readFileSync(join(dir, 'cells', file), 'utf8'), file).run.startedAt,
    ]),
  );

async function p2plab(...words: string[]): Promise<void> {
  const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SLURM_')));
  await run(process.execPath, [join(ROOT, 'bin/p2plab.js'), ...words], { env: outside });
}

async function wholeArray(cluster: Cluster, spec: string): Promise<void> {
  process.stdout.write(`an array of ${SHARDS} tasks:\n`);
  const out = join(cluster.dir, 'array');
  const job = await submit(cluster, spec, out, `0-${SHARDS - 1}`);
  await ended(cluster, job);
  for (let task = 0; task < SHARDS; task++) {
    const { exit } = await taskState(cluster, job, task);
    if (exit !== '0:0')
      throw new Error(`task ${task} ended with ${exit}: ${readFileSync(`${out}.${task}.log`, 'utf8')}`);
  }
  const sweep = JSON.parse(readFileSync(join(out, 'sweep.json'), 'utf8')) as SweepDocument;
  check(pointsOf(out).length === sweep.cells.length, `all ${sweep.cells.length} points are there, each once`);
  const shards = new Set(
    sweep.cells.map(({ hash }) => [1, 2, 3, 4].find((index) => isOf(hash, { index, count: SHARDS }))),
  );
  check(shards.size > 1 && readdirSync(join(out, 'shards')).length === SHARDS, 'they come from several tasks');
  const merged = join(cluster.dir, 'merged');
  await p2plab('merge', out, '--out', merged);
  const alone = join(cluster.dir, 'alone');
  await p2plab('sweep', spec, '--out', alone, '--quiet');
  const identity = ({ cells }: Result): string =>
    JSON.stringify(cells.map(({ id, params, perIo }) => [id, params, perIo]));
  check(
    identity(resultOf(merged)) === identity(resultOf(alone)),
    'merged, points and exact counts are those of one sweep alone',
  );
}

async function killedAndQueuedAgain(cluster: Cluster, spec: string): Promise<void> {
  process.stdout.write('tasks that are killed:\n');
  const out = join(cluster.dir, 'killed');
  const job = await submit(cluster, spec, out, `0-${SHARDS - 1}`);
  await until('two points are there', () => pointsOf(out).length >= 2);
  const pids = await sweepsIn(out);
  const before = startsOf(out);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  check(pids.length > 0, `kill -9 of ${pids.length} sweeps with ${before.size} points there`);
  await ended(cluster, job);
  const states = await Promise.all([0, 1, 2, 3].map((task) => taskState(cluster, job, task)));
  check(
    states.every(({ exit }) => exit === '0:0') && states.some(({ restarts }) => restarts > 0),
    'killed tasks were queued again and ended well',
  );
  const after = startsOf(out);
  const sweep = JSON.parse(readFileSync(join(out, 'sweep.json'), 'utf8')) as SweepDocument;
  check(after.size === sweep.cells.length, `all ${sweep.cells.length} points are there`);
  check(
    [...before].every(([file, start]) => after.get(file) === start),
    'those measured before were not measured again',
  );
}

/** Processes of this run's own sweeps: those whose command line names the folder. */
async function sweepsIn(out: string): Promise<number[]> {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      return words[0]?.endsWith('node') === true && words.includes(out) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

async function badInput(cluster: Cluster): Promise<void> {
  process.stdout.write('bad input:\n');
  const spec = join(cluster.dir, 'bad.yaml');
  writeFileSync(spec, 'bsz: [4k, 8k]\n');
  const out = join(cluster.dir, 'bad');
  const job = await submit(cluster, spec, out, '0-0');
  await ended(cluster, job);
  const { exit, restarts } = await taskState(cluster, job, 0);
  check(exit === '2:0' && restarts === 0, 'ends with 2 and is not queued again');
  check(readFileSync(`${out}.0.log`, 'utf8').includes("'bsz' is no option"), 'the log says what is wrong');
}

async function stopCluster({ daemons }: Cluster): Promise<void> {
  for (const daemon of [...daemons].reverse()) {
    const gone = new Promise((done) => daemon.once('exit', done));
    if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
    daemon.kill('SIGTERM');
    const timer = setTimeout(() => daemon.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(timer);
  }
}

async function main(): Promise<void> {
  const program = programs();
  if (typeof program === 'string') {
    process.stdout.write(`skipped: ${program}\n`);
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'p2plab-slurm-'));
  const env = { ...process.env, SLURM_CONF: join(dir, 'slurm.conf') };
  const cluster: Cluster = { env, dir, program, daemons: [] };
  try {
    await startCluster(cluster);
    const spec = join(dir, 'sweep.yaml');
    writeFileSync(spec, SPEC);
    await wholeArray(cluster, spec);
    await killedAndQueuedAgain(cluster, spec);
    await badInput(cluster);
    rmSync(dir, { recursive: true, force: true });
    process.stdout.write('Slurm: ok\n');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nLogs are in ${dir}.\n`);
    process.exitCode = 1;
  } finally {
    await stopCluster(cluster);
  }
}

await main();
