// p2plab.cost/1: what a cost says, as other programs read it. No time, no name of a computer: two of the same code and options are equal
// byte for byte.
import type { Params } from '../result/schema.ts';
import type { CpuPerIo } from './caches.ts';
import type { ExactPerIo } from './exact.ts';
import type { CoreName, Misses } from './simulator.ts';

export const COST_SCHEMA = 'p2plab.cost/1';

/** One core's side of an I/O. */
export interface CoreCost {
  perIo: ExactPerIo;
  /** By processor; with `+next-line` behind its name where the next line is prefetched. */
  cpus: Record<string, CpuPerIo>;
}

export interface FieldCost {
  name: string;
  offset: number;
  bytes: number;
  /** Per I/O, both cores. */
  reads: number;
  writes: number;
  atomics: number;
  /** Mean misses of L2 per I/O by processor, both cores. */
  l2Misses: Record<string, number>;
}

export type StructurePerIo = Omit<ExactPerIo, 'ops'>;

export interface StructureCost {
  name: string;
  perIo: StructurePerIo;
  /** The host's part of it. */
  host: StructurePerIo;
  /** Mean misses per I/O by processor, of the host. */
  cpus: Record<string, Misses>;
  /** Those that are touched. */
  fields: FieldCost[];
}

/** A line of the source. */
export interface LineCost {
  core: CoreName;
  file: string;
  line: number;
  function: string;
  ops: number;
  accesses: number;
}

export interface CostCell {
  id: string;
  scheme: string;
  buffers: string;
  params: Params;
  refused?: { errno: string; reason: string };
  host?: CoreCost;
  device?: CoreCost;
  structures?: StructureCost[];
  functions?: LineCost[];
}

/** a - b, of the host. */
export interface CostDifference {
  a: string;
  b: string;
  perIo: ExactPerIo;
  structures: { name: string; perIo: StructurePerIo }[];
  functions: Omit<LineCost, 'core'>[];
}

export interface CostDocument {
  schema: typeof COST_SCHEMA;
  /** Digest of each module's bytes. */
  modules: Record<string, string>;
  compiler: string;
  options: { cpus: string[]; pages: string; prefetch: string[]; seeds: number };
  cells: CostCell[];
  differences: CostDifference[];
}
