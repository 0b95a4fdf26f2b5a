// What a flow is to the plan of a run: which agents a lane has, which arms are compared, who the clients are, what it makes of a job.
// One file of flows/ is one flow, beside the file of the same name in src/machine/flows, which runs it.
import type { PointOptionName } from '../catalogue/options/catalogue.ts';
import type { Job } from '../jobs/job.ts';
import type { AddressOptions, IommuMode } from '../topology/addresses.ts';
import type { Topology } from '../topology/model.ts';
import type { Pair } from './fabric.ts';
import type { Buffers } from './machine_spec.ts';

/** Options by which a user names a client that only one flow has. */
export type ClientOption = Extract<PointOptionName, 'clientB' | 'rnic'>;

/** What a flow chooses its clients from. */
export interface ClientChoice {
  topology: Topology;
  /** The provider and the client of every flow: a drive, or the network device that a preset is about. */
  pair: Pair;
  /** Set for a preset: its name. */
  preset: string | undefined;
  rules: AddressOptions;
  /** Function ids as the user wrote them. */
  asked: Readonly<Partial<Record<ClientOption, string>>>;
}

/** What a flow may have an opinion on. */
export interface FlowWorkload {
  jobs: readonly Job[];
  iommu: IommuMode;
  buffers: readonly Buffers[];
}

export interface FlowPlan {
  /** NVMe queue pairs of a lane's host. The controller of each is a client of its own, in the fabric's order. */
  nvmePairs: number;
  /** The host is an NVMe-oF target: a lane's I/O begins at an initiator behind an RNIC, which is the fabric's second client. */
  hasTarget?: true;
  /** Buffer sources that it has, whatever was asked for; by default those. */
  buffers?: readonly Buffers[];
  /** The first scheme also runs with its buffers in host RAM: what the flow costs without P2P. */
  bounces?: true;
  /** Buffers lie in host RAM as well, whatever the arms are. */
  movesRam?: true;
  /** With data checks an I/O waits for those in flight that it overlaps. */
  serializes?: true;
  /** The provider may be removed under it. */
  removable?: true;
  /** The host's path is the one that is timed stage by stage. */
  staged?: true;
  /** What it does with reads and writes, where it sends nothing else: no trim, no flush. */
  sendsOnly?: string;
  /** The option that names a client of this flow only, and what that client is. */
  clientOption?: { name: ClientOption; what: string };
  /**
   * Provider and clients; by default the pair. Notes say what was chosen because the user did not say.
   * @throws LabError where the topology has none
   */
  pairOf?(choice: ClientChoice): { pair: Pair; notes: string[] };
  /** What it makes of jobs and options, where that may surprise. @throws LabError for what it has not */
  notes?(workload: FlowWorkload): string[];
}
