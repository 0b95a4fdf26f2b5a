// A lane: what one workload stream runs on. One host agent, whose front queue the schedules drive, and the devices that
// work for it. Which agents a lane has follows from the machine's flow; schedules and placement know no flow.

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
  /** HostQueue whose issued, completed, issueTarget, completionMark and streamPos the schedules drive: the front. */
  host: number;
  devices: DeviceAgent[];
}
