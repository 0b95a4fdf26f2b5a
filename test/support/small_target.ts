// A machine with NVMe-oF targets, small enough for tests, and what must be back when their I/O is done.
import { Initiator, NvmetRdmaQueue } from '../../build/layout.ts';
import type { BuiltMachine } from '../../src/lab/machine/build_machine.ts';
import { field } from '../../src/lab/machine/fields.ts';
import { DEFAULT_RULES, type Fabric, presetPair, presetPairFabric } from '../../src/plan/fabric.ts';
import { presetTargetPair } from '../../src/plan/flows/nvmet.ts';
import { DEFAULT_RDMA, type LaneSpec, type RdmaSpec } from '../../src/plan/machine_spec.ts';
import { commandsOf, inlinePages, responsesOf, targetRamPages } from '../../src/plan/nvmet_sizes.ts';

/** RDMA facts of a test: no in-capsule data unless it asks for some, so that every write has a buffer. */
export function rdmaSpec(over: Partial<RdmaSpec> = {}): RdmaSpec {
  return { ...DEFAULT_RDMA, inlineBytes: 0, maxIoBytes: 1 << 20, ...over };
}

/** The fabric of a target in a preset, as smallMachine wants it. */
export const targetFabric =
  (preset: string) =>
  (barBytes: number, ramBytes: number): Fabric =>
    presetPairFabric(preset, barBytes, ramBytes, DEFAULT_RULES, presetTargetPair(presetPair(preset, barBytes).pair));

/** Resources of targets and initiators that are not back where they were. */
export function targetLeftovers({ view, spec, targets }: BuiltMachine): string[] {
  const { rdma } = spec;
  if (rdma === undefined) return [];
  return targets.flatMap(({ target, initiator }, index) => {
    const lane = spec.lanes[index] as LaneSpec;
    const responses = responsesOf(lane, rdma);
    const sqBlocks = field(view, target, NvmetRdmaQueue.sqMask) + 1;
    const checks: [string, number, number][] = [
      ['free responses', field(view, target, NvmetRdmaQueue.rspFree), responses],
      ['free scatterlists', field(view, target, NvmetRdmaQueue.sglFree), responses],
      ['free request arrays', field(view, target, NvmetRdmaQueue.mapFree), responses],
      ['free registrations', field(view, target, NvmetRdmaQueue.regFree), responses],
      ['free regions', field(view, target, NvmetRdmaQueue.mrFree), responses],
      [
        'free pages',
        field(view, target, NvmetRdmaQueue.pageFree),
        targetRamPages(lane, rdma) - commandsOf(lane, rdma) * inlinePages(rdma),
      ],
      ['send queue credits', field(view, target, NvmetRdmaQueue.sqAvail), sqBlocks],
      ['waiting responses', field(view, target, NvmetRdmaQueue.waitHead), 0],
      ['free commands', field(view, initiator, Initiator.commandFree), commandsOf(lane, rdma)],
      ['free I/Os', field(view, initiator, Initiator.dioFree), lane.iodepth],
      ['I/O being sent', field(view, initiator, Initiator.sending), 0],
    ];
    return checks
      .filter(([, value, expected]) => value !== expected)
      .map(([name, value, expected]) => `target ${index} ${name}: ${value} instead of ${expected}`);
  });
}
