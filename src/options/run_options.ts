// The options of `p2plab run`, as the command line and help have them. What they add up to is resolve_run.ts's: this file is loaded
// for every help text and imports little.
import { type Command, Option } from 'commander';
import type { Buffers, Flow, Payload } from '../plan/machine_spec.ts';
import type { Mode } from '../plan/run_plan.ts';
import { IOMMU_MODES, QUIRKS } from '../topology/addresses.ts';
import type { FabricOptions } from './fabric_options.ts';
import { choices, collect, list, number, one, percent, readTime } from './option_kinds.ts';
import { addTargetOptions, type TargetOptions } from './target_options.ts';

/** The options as commander hands them over. */
export interface RunOptions extends FabricOptions, TargetOptions {
  scheme: string[];
  bar?: string[];
  buffers: Buffers[];
  flow: Flow[];
  p2pShare: number;
  payload?: Payload[];
  physLookup: string;
  mode: Mode[];
  batch?: number;
  queues?: number;
  serviceNs?: number;
  wait: 'poll' | 'irq';
  processes: number;
  stages: 'on' | 'off';
  budget?: number;
  rounds?: number;
  roundMs?: number;
  seed: number;
  set: string[];
  section: string[];
  margin: number;
  barSweep?: string;
  refcount: 'atomic' | 'plain';
  p2pQueue: 'on' | 'off';
  mdts: string;
  queueDepth: number;
  ram: string;
  removeAt?: number;
  hole?: 'empty' | 'reassigned';
  fault?: string;
  out?: string;
  json?: string;
  quiet?: boolean;
}

/** Faults that a scheme has in a variant of its own; the topology has the others. */
export const SCHEME_QUIRKS = ['rfc-as-posted', 'no-p2p-flag'];

/** The largest tag that fits the command identifier beside its generation. */
const MOST_DEPTH = 4096;

/**
 * Many short rounds: on a shared machine the level moves within tens of milliseconds, and only what was measured right beside
 * each other can be compared. A removal is an event: it needs I/O around it, and fewer of them say as much.
 */
export const USUAL_ROUNDS = { rounds: 450, roundMs: 1 };
export const REMOVAL_ROUNDS = { rounds: 24, roundMs: 18 };
/** With a budget for many processes each of them measures for about as long as it takes to start and warm up. */
export const BUDGET_ROUNDS = { rounds: 1350, roundMs: 1 };

/** Adds every option of a run to a command. */
export function addRunOptions(command: Command): Command {
  return addMeasuringOptions(command)
    .addOption(new Option('--out <dir>', 'where the run folder goes (default: reports/<run>)'))
    .addOption(new Option('--json <file>', 'also write the result document there; - is stdout, instead of the table'))
    .addOption(new Option('--quiet', 'no progress on stderr'));
}

/** The options that decide what is measured and how, without those about where the result goes. */
export function addMeasuringOptions(command: Command): Command {
  return addTargetOptions(addGeneralOptions(command));
}

function addGeneralOptions(command: Command): Command {
  return command
    .addOption(
      list('--scheme <a,b>', 'address schemes to compare, or all; the first is the reference', ['page', 'dma_vec']),
    )
    .addOption(list('--bar <size,...>', "the provider's BAR (default: 256MiB,16GiB; with a job file 16GiB)"))
    .addOption(
      choices('--buffers <kind,...>', 'where buffers come from', ['pool', 'fixed', 'user'], ['pool', 'fixed', 'user']),
    )
    .addOption(
      choices(
        '--flow <flow,...>',
        'direct: host and drive; copy: one drive reads into the buffer, another writes from it; nvmet: an NVMe-oF target between RNIC and drive',
        ['direct', 'copy', 'nvmet'],
        ['direct'],
      ),
    )
    .addOption(number('--p2p-share <percent>', 'share of I/Os on P2P memory, the rest on host RAM', 0, 100, 100))
    .addOption(
      choices(
        '--payload <kind,...>',
        'move nothing, copy, or copy and check (default: none,move; with a job file move)',
        ['none', 'move', 'verify'],
      ),
    )
    .addOption(one('--era <kernel>', "which kernel's rules the page scheme follows", ['5.2', '6.12', '6.17'], '6.12'))
    .addOption(one('--phys-lookup <how>', 'how the phys scheme finds the provider', ['flag', 'hash', 'tree'], 'flag'))
    .addOption(
      new Option('--topology <file|preset>', 'the emulated PCIe tree (see p2plab topology)').default('one-switch'),
    )
    .addOption(new Option('--provider <id[:bar]>', 'the function whose BAR is the P2P memory (with a topology file)'))
    .addOption(new Option('--client <id>', 'the function that does the DMA (with a topology file)'))
    .addOption(
      new Option('--client-b <id>', 'the function that writes in flow copy (default: a drive beside the client)'),
    )
    .addOption(new Option('--cpu <cpu>', 'vendor:family where the topology does not tell: amd:23, intel:6, host'))
    .addOption(choices('--quirk <name,...>', 'faults of kernels and patches to apply', [...QUIRKS, ...SCHEME_QUIRKS]))
    .addOption(one('--iommu <mode>', 'DMA translation', [...IOMMU_MODES], 'off'))
    .addOption(
      number(
        '--service-ns <ns>',
        'modelled service time of the device for an I/O, e.g. 199.6: adds a modelled rate',
        0.1,
        1e9,
      ),
    )
    .addOption(
      choices(
        '--mode <mode,...>',
        'threads gives iops and latency, inline the CPU time per I/O',
        ['threads', 'inline'],
        ['threads', 'inline'],
      ),
    )
    .addOption(number('--batch <n>', 'I/Os for each doorbell (as --set iodepth_batch=N)', 1, 4095))
    .addOption(number('--queues <n>', 'queue pairs (as --set numjobs=N)', 1, 256))
    .addOption(one('--wait <how>', 'completion by polling or by interrupt', ['poll', 'irq'], 'poll'))
    .addOption(
      number('--processes <n>', 'fresh processes over which the rounds are spread; 1 is this process', 1, 1000, 3),
    )
    .addOption(
      one(
        '--stages <on|off>',
        'time the host path stage by stage as well (flow direct, inline mode, 100 ms an arm or more)',
        ['on', 'off'],
        'on',
      ),
    )
    .addOption(
      number(
        '--rounds <n>',
        `rounds of all processes, each with every arm once; fewer where an arm takes longer than --round-ms (default: ${USUAL_ROUNDS.rounds})`,
        1,
        100_000,
      ),
    )
    .addOption(
      number(
        '--round-ms <ms>',
        `length of one arm in one round, and at least the I/Os of four depths (default: ${USUAL_ROUNDS.roundMs})`,
        1,
        600_000,
      ),
    )
    .addOption(
      new Option(
        '--budget <time>',
        'go on measuring while comparisons are inconclusive, at most so long in all (60s, 10m; default: do not go on)',
      ).argParser(readTime),
    )
    .addOption(number('--seed <n>', 'of access streams, order and statistics', 0, 2 ** 32 - 1, 1))
    .addOption(
      new Option('--set <key=value>', 'a fio option, over the job file; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--section <name>', 'only this job of the file; may be repeated')
        .argParser(collect)
        .default([], 'all'),
    )
    .addOption(number('--margin <percent>', 'difference that does not matter', 0.1, 50, 2))
    .addOption(
      one('--bar-sweep <on|off>', 'CPU cost against BAR size, 256MiB to 64GiB (default: on without a job file)', [
        'on',
        'off',
      ]),
    )
    .addOption(
      one('--refcount <how>', 'struct page refcounts by locked or by plain operations', ['atomic', 'plain'], 'atomic'),
    )
    .addOption(one('--p2p-queue <on|off>', 'whether the NVMe queues take P2P memory', ['on', 'off'], 'on'))
    .addOption(new Option('--mdts <size>', 'largest transfer of one command').default('512KiB'))
    .addOption(number('--queue-depth <n>', 'entries of each SQ and CQ', 2, MOST_DEPTH, 1024))
    .addOption(new Option('--ram <size>', 'emulated host RAM').default('1GiB'))
    .addOption(
      new Option(
        '--remove-at <percent%>',
        'remove the provider in every round when this share of its I/Os is done, instead of comparing',
      ).argParser(percent),
    )
    .addOption(
      one('--hole <kind>', "what has the removed provider's addresses (default: empty)", ['empty', 'reassigned']),
    )
    .addOption(
      new Option(
        '--fault <target:kind@ms>',
        'let something fail, to see what the lab does: a worker or process exit or hang (nvme0:hang@500, process1:exit@50), a host lose or repeat a completion (host0:lose@500)',
      ),
    );
}
