// The machine of a group for one process: built in memory with the workload's streams, and what each arm's scheme keeps in it.

import type { HostModule } from '../../../build/exports.ts';
import { Machine } from '../../../build/layout.ts';
import type { ArmRecord } from '../../analysis/group_record.ts';
import { assert } from '../../base/errors.ts';
import { compileStream, type StreamFacts } from '../../jobs/access_stream.ts';
import { clientsOf } from '../../plan/fabric.ts';
import { flowPlan } from '../../plan/flows.ts';
import type { LanePacing, MachineSpec } from '../../plan/machine_spec.ts';
import { type Arm, type GroupPlan, type MeasureParams, moduleOf, queuesOf } from '../../plan/run_plan.ts';
import { checkAvailable } from '../machine/arena.ts';
import { type BuiltMachine, buildMachine } from '../machine/build_machine.ts';
import { field } from '../machine/fields.ts';
import { findScheme, hostModule, setupModule, usesPool, variantOf } from '../machine/modules.ts';
import { backPayload } from '../machine/payload_pages.ts';
import { residentBytes } from '../machine/resident.ts';
import { sizeGroup } from './group_size.ts';
import type { LanePace } from './pacing.ts';

/** @throws LabError when it does not fit */
export function buildGroupMachine(plan: GroupPlan, params: MeasureParams, memory: WebAssembly.Memory, cores: number) {
  const { spec, hosts, touchedBytes } = sizeGroup(plan, params, memory, cores);
  checkAvailable(touchedBytes, process.availableMemory());
  const machine = buildMachine(memory, spec, setupModule(memory));
  backPayload(machine, movesRam(plan, params));
  for (const host of hosts) host.setup(machine.at);
  assert(
    field(machine.view, machine.at, Machine.stateNext) <= machine.schemeState.at + machine.schemeState.bytes,
    'schemes keep to the memory that was reserved for them',
  );
  const queues = queuesOf(plan);
  const facts = queues.map(({ job, clone }, index) => {
    const { stream, pacing } = machine.lanes[index] ?? {};
    const gaps = pacing?.gaps;
    const words = new Uint32Array(memory.buffer, stream?.at, (stream?.bytes ?? 0) / 4);
    const slots = { first: index, stride: queues.length };
    return compileStream(
      job,
      clone,
      {
        p2pShare: params.p2pShare,
        bar: { ...buffersIn(spec, spec.barBytes, spec.barWindowBytes), slots },
        ram: { ...buffersIn(spec, spec.ramBytes, spec.ramWindowBytes), slots },
        ...(plan.payload === 'verify'
          ? { verifyBlocks: spec.mediaBytes / 512, serializes: flowPlan(spec.flow).serializes === true }
          : {}),
      },
      words,
      gaps && new Float64Array(memory.buffer, gaps.at, gaps.bytes / 8),
    );
  });
  const movedBytes =
    plan.payload === 'none' ? 0 : facts.reduce((sum, { meanBytes }) => sum + meanBytes, 0) / facts.length;
  const paces = facts.map((each, index) => paceOf(spec.lanes[index]?.pacing, each));
  return { machine, paces, movedBytes };
}

/** Whether I/Os have their data in host RAM as well. */
function movesRam({ flow, arms }: GroupPlan, { p2pShare }: MeasureParams): boolean {
  return flowPlan(flow).movesRam === true || p2pShare < 100 || arms.some(({ buffers }) => buffers === 'ram');
}

function paceOf(pacing: LanePacing | undefined, { meanGapNs, ios, flushes }: StreamFacts): LanePace {
  if (pacing === undefined) return undefined;
  if (pacing.kind === 'share') return { kind: 'share', share: pacing.weight / pacing.totalWeight };
  // A burst takes at least its pause; one that ends by time has that besides, and no number of its own.
  const gapNs =
    pacing.kind === 'arrivals' ? (meanGapNs ?? 1) : (pacing.pauseNs + (pacing.burstNs ?? 0)) / (pacing.ios ?? 1);
  return { kind: pacing.kind, gapNs: Math.max(1, gapNs), ...(flushes > 0 ? { ioShare: 1 - flushes / ios } : {}) };
}

/** A target chooses its buffers itself, whatever the stream says: there the stream's are only numbers. */
const ANY_BUFFERS_BYTES = 2 ** 40;

function buffersIn({ flow }: MachineSpec, bytes: number, windowBytes: number): { bytes: number; windowBytes: number } {
  return flowPlan(flow).hasTarget
    ? { bytes: ANY_BUFFERS_BYTES, windowBytes: ANY_BUFFERS_BYTES }
    : { bytes, windowBytes };
}

function mapStateBytes(host: HostModule, { fabric, barBytes }: MachineSpec): number {
  return host.mapStateBytes(barBytes) + (clientsOf(fabric).length - 1) * host.attachBytes(barBytes);
}

/** An arm without samples: what it is, and what its scheme keeps. */
export function emptyRecord(arm: Arm, params: MeasureParams, machine: BuiltMachine): ArmRecord {
  const module = moduleOf(arm, params);
  const host = hostModule(module, machine.memory);
  // Without P2P memory the scheme keeps nothing for it.
  const isP2p = arm.buffers !== 'ram';
  const memmapBytes = isP2p ? host.memmapBytes(machine.spec.barBytes) : 0;
  const pool = isP2p && usesPool(findScheme(arm.scheme)) ? machine.pool : undefined;
  const resident = [memmapBytes > 0 ? machine.barMemmap : undefined, pool].map((span) =>
    span === undefined ? 0 : residentBytes(machine.memory, span),
  );
  return {
    arm,
    ...(arm.scheme.includes('@') ? { options: variantOf(arm.scheme, {}).options } : {}),
    samples: [],
    latency: [],
    wakeups: 0,
    wakeupIos: 0,
    perIo: undefined,
    refused: undefined,
    verifiedBlocks: 0,
    verifiedIos: 0,
    verifyErrors: 0,
    unsteady: [],
    memmapBytes,
    poolBytes: pool?.bytes ?? 0,
    mapStateBytes: isP2p ? mapStateBytes(host, machine.spec) : 0,
    residentBytes: resident.includes(null) ? null : resident.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
  };
}
