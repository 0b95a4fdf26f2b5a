// Options: how it is measured, for how long, in which schedules and processes.
import { choices, number, one, time } from './kinds.ts';

/** Schedules: agents on threads of their own, or in turn in one. */
export const MODES = ['threads', 'inline'] as const;

/**
 * Many short rounds: on a shared machine the level moves within tens of milliseconds, and only what was measured right beside
 * each other can be compared. A removal is an event: it needs I/O around it, and fewer of them say as much.
 */
export const USUAL_ROUNDS = { rounds: 450, roundMs: 1 };
export const REMOVAL_ROUNDS = { rounds: 24, roundMs: 18 };
/** With a budget for many processes each of them measures for about as long as it takes to start and warm up. */
export const BUDGET_ROUNDS = { rounds: 1350, roundMs: 1 };

export const MEASURING = {
  mode: choices('--mode <mode,...>', 'threads gives iops and latency, inline the CPU time per I/O', MODES, {
    fallback: MODES,
    field: 'modes',
  }),
  batch: number('--batch <n>', 'I/Os for each doorbell (as --set iodepth_batch=N)', [1, 4095], {
    fio: 'iodepth_batch',
    stated: 'by the group',
    heading: (value) => `batch ${value}`,
  }),
  queues: number('--queues <n>', 'queue pairs (as --set numjobs=N)', [1, 256], {
    fio: 'numjobs',
    stated: 'by the group',
    heading: (value) => (String(value) === '1' ? '1 queue' : `${value} queues`),
  }),
  wait: one('--wait <how>', 'completion by polling or by interrupt', ['poll', 'irq'], {
    fallback: 'poll',
    field: 'wait',
    stated: 'as field',
  }),
  processes: number(
    '--processes <n>',
    'fresh processes over which the rounds are spread; 1 is this process',
    [1, 1000],
    { fallback: 3, stated: 'by the group', isRepetition: true },
  ),
  stages: one(
    '--stages <on|off>',
    'time the host path stage by stage as well (flow direct, inline mode, 100 ms an arm or more)',
    ['on', 'off'],
    { fallback: 'on' },
  ),
  rounds: number(
    '--rounds <n>',
    `rounds of all processes, each with every arm once; fewer where an arm takes longer than --round-ms (default: ${USUAL_ROUNDS.rounds})`,
    [1, 100_000],
    { stated: 'by the group', about: 'plan', isRepetition: true },
  ),
  roundMs: number(
    '--round-ms <ms>',
    `length of one arm in one round, and at least the I/Os of four depths (default: ${USUAL_ROUNDS.roundMs})`,
    [1, 600_000],
    { stated: 'by the group', about: 'plan', isRepetition: true },
  ),
  budget: time(
    '--budget <time>',
    'go on measuring while comparisons are inconclusive, at most so long in all (60s, 10m; default: do not go on)',
    { field: 'budgetMs' },
  ),
  seed: number('--seed <n>', 'of access streams, order and statistics', [0, 2 ** 32 - 1], {
    fallback: 1,
    field: 'seed',
    stated: 'as field',
    isRepetition: true,
  }),
};
