// A lane: what one workload stream runs on. One host agent and the devices that work for it or give it work; one
// of them has the front queue that the schedules drive. Which agents a lane has follows from the machine's flow; schedules and placement know no flow.

import { HostQueue } from '../../../build/layout.ts';
import { flowPlan } from '../../plan/flows.ts';
import type { Flow } from '../../plan/machine_spec.ts';
import type { MemoryView } from './arena.ts';
import { field } from './fields.ts';

/** Kinds of device agents. The kind names the module that runs it (modules.ts). */
export type DeviceKind = 'nvme' | 'rnic';

/** One device's agent, by wasm address. */
export interface DeviceAgent {
  kind: DeviceKind;
  /** Its own structure, the argument of its module's `run`. */
  at: number;
  /** Word that the host reads to wake this device: the bell of the worker that runs it (HostQueue.peerBell). */
  deviceBell: number;
  /** Word that the device reads to wake the host: the bell of the worker that runs the lane's host (DeviceQueue.peerBell). */
  hostBell: number;
}

/** The agents of one workload stream. */
export interface Lane {
  /** HostQueue of the lane's host. */
  host: number;
  /**
   * HostQueue whose issued, completed, issueTarget, completionMark and streamPos the schedules drive: the host's own, or
   * where I/O begins elsewhere (an initiator) the HostQueue of the device agent that begins it.
   */
  front: number;
  devices: DeviceAgent[];
}

/** What a lane's device agents are, in the order in which build_machine places them. */
export function devicesOf(flow: Flow): DeviceKind[] {
  const { hasTarget, nvmePairs } = flowPlan(flow);
  return [...(hasTarget ? ['rnic' as const] : []), ...Array<DeviceKind>(nvmePairs).fill('nvme')];
}

/** Nothing is under way: neither I/O of the front nor what the host has still to let go of. */
export function isIdle(view: MemoryView, { host, front }: Lane): boolean {
  return [front, host].every((at) => field(view, at, HostQueue.issued) === field(view, at, HostQueue.completed));
}
