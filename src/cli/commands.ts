// What commands there are. A command's own file, with its options, is loaded when the command is asked for: help and version need
// none of them, and a run does not need those of the others.
import type { Command } from 'commander';

interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** As commander writes it: `<needed>`, `[optional]`, `<several...>`. */
  readonly argument?: readonly [word: string, description: string];
  load(): Promise<{ define(command: Command): void }>;
}

const ENTRIES: readonly CommandEntry[] = [
  {
    name: 'run',
    description: 'compare address schemes on one workload, interleaved, and say what differs and how sure that is',
    argument: ['[job.fio|trace]', 'fio job file, or a trace; without one the default comparison'],
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'cost',
    description:
      'count instructions, lines and atomics of every scheme exactly, and simulate its misses on named processors: the same on every machine',
    argument: ['[job.fio|trace]', 'as of p2plab run'],
    load: () => import('./commands/cost.ts'),
  },
  {
    name: 'trace',
    description:
      'show one I/O of each scheme step by step: structures and fields it touches, in order, and its addresses',
    argument: ['[job.fio|trace]', 'as of p2plab run'],
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'claims',
    description: 'try what five mails claimed of pages and P2P, and say what holds, by which figures',
    load: () => import('./commands/claims.ts'),
  },
  {
    name: 'sweep',
    description:
      'measure every combination of options as a point of its own, resumable, and merge the points into one result',
    argument: ['[file.yaml]', 'options of p2plab run and of fio; every list is an axis'],
    load: () => import('./commands/sweep.ts'),
  },
  {
    name: 'merge',
    description: 'merge the shards of a sweep into one result, and name what is missing',
    argument: ['<dir...>', 'folders that p2plab sweep wrote, in any order'],
    load: () => import('./commands/merge.ts'),
  },
  {
    name: 'report',
    description: 'write report.html, summary.md, charts and CSV of a result',
    argument: ['<dir>', 'folder that run, sweep or merge has left'],
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'topology',
    description: 'show a PCIe tree, what P2PDMA the kernel allows in it and why, and what struct pages would cost',
    argument: [
      '[source]',
      'a dump (lspci -vvvnn, better still with -xxxx, as root; hwloc XML; NCCL XML; a copy of sysfs; - for stdin), a preset or host',
    ],
    load: () => import('./commands/topology.ts'),
  },
  {
    name: 'memory',
    description: 'compare what struct pages and the alternatives to them cost in memory for a BAR or a whole machine',
    load: () => import('./commands/memory.ts'),
  },
  {
    name: 'layout',
    description: "compare the machine's structs with a kernel's, by size and offset, and say why they differ",
    load: () => import('./commands/layout.ts'),
  },
  {
    name: 'doctor',
    description: 'look for what disturbs a measurement on this machine, what it does to a result, and how to change it',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'gate',
    description: 'hold exact counts, ratios, equivalences and histories to the rules of a file; exit 0, 1 or 3',
    argument: ['[gates.yaml]', 'rules (default: gates.yaml, or bench/gates.yaml)'],
    load: () => import('./commands/gate.ts'),
  },
];

/** Adds all commands by name; only the one that `words` ask for gets its options and its action. */
export async function addCommands(program: Command, words: readonly string[]): Promise<void> {
  // The program's own options take no values, so the first word without a dash is the command's name.
  const [first, second] = words.filter((word) => !word.startsWith('-'));
  const asked = first === 'help' ? second : first;
  for (const { name, description, argument, load } of ENTRIES) {
    const command = program.command(name).description(description);
    if (argument !== undefined) command.argument(...argument);
    if (name === asked) (await load()).define(command);
  }
}
