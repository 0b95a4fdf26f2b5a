// Experiment: exact counts of arms by the counting build, and refusals. The same on every machine.
import { PLAIN } from '../../options/plain.ts';
import { countOnly, type RunParams } from '../../plan/run_plan.ts';
import { roleOf } from '../../report/select/groups.ts';
import type { Result } from '../../result/schema.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { commandLine } from './command_line.ts';
import type { Experiment } from './experiment.ts';
import { runResult } from './run_result.ts';

/** An arm that was counted, or refused. Counters that are not there are 0. */
export interface CountedArm {
  /** SCHEME/BUFFERS */
  arm: string;
  refused?: { errno: string; reason: string };
  perIo: Readonly<Record<string, number>>;
}

export type Counted = readonly CountedArm[];

/** Few short rounds: what is counted does not depend on them, and a reader who repeats it need not wait. */
const BRIEF = { mode: 'inline', rounds: 1, processes: 1, 'round-ms': 5 } as const;

/** @param driver of the client where it is none that takes DMA addresses: the command line has no such client, only p2plab claims */
export function counted(options: OptionsObject, driver?: 'dma_virt_ops'): Experiment<Counted> {
  const all = { ...PLAIN, ...options };
  const command = commandLine('run', { ...all, ...BRIEF });
  return {
    command: driver === undefined ? command : `${command} # in p2plab claims: with a client of ${driver}`,
    run: async (measurement) =>
      armsOf(
        await runResult(all, command, measurement, (params) =>
          countOnly(driver === undefined ? params : withCpuAddresses(params)),
        ),
      ),
  };
}

/** Kernel virtual address of physical address 0 on x86-64 (page_offset_base). */
const PAGE_OFFSET = 0xffff_8880_0000_0000n;

/** As HFI: map functions of the driver's own hand out CPU addresses. By those it finds RAM and BAR; a bus address leads nowhere. */
function withCpuAddresses(params: RunParams): RunParams {
  const fabricOf: RunParams['fabricOf'] = (barBytes, flow) => {
    const fabric = params.fabricOf(barBytes, flow);
    const start = { bar: fabric.barPhys, ram: PAGE_OFFSET + fabric.ramPhys };
    const windows = fabric.windows.flatMap((window) =>
      window.target === 'other' ? [] : [{ ...window, busStart: start[window.target] + window.offset }],
    );
    return { ...fabric, clientDmaOps: 'virt', windows };
  };
  return { ...params, fabricOf };
}

function armsOf({ cells }: Result): Counted {
  return cells
    .filter((cell) => roleOf(cell) !== 'aa')
    .map(({ scheme, params, refused, perIo }): CountedArm => {
      const counts = Object.entries(perIo ?? {}).filter((entry): entry is [string, number] => entry[1] !== null);
      return {
        arm: `${scheme}/${params.buffers}`,
        ...(refused === undefined ? {} : { refused: { errno: refused.errno, reason: refused.reason } }),
        perIo: Object.fromEntries(counts),
      };
    });
}

/** @throws LabError for an arm that the experiment has not: a programmer's mistake in a claim */
export function armOf(all: Counted, name: string): CountedArm {
  const found = all.find(({ arm }) => arm === name);
  if (found === undefined)
    throw new Error(`a claim asks for ${name}; there are ${all.map(({ arm }) => arm).join(', ')}`);
  return found;
}

export function countOf(all: Counted, arm: string, counter: string): number {
  return armOf(all, arm).perIo[counter] ?? 0;
}

export function isCarried(all: Counted, arm: string): boolean {
  return armOf(all, arm).refused === undefined;
}

/** Whether its transfers ended elsewhere than they should: no refusal, a wrong address. */
export function isMisdirected(all: Counted, arm: string): boolean {
  return armOf(all, arm).refused?.errno === 'misdirected';
}
