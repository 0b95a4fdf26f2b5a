// What makes two points the same: everything that decides the measurement, resolved, and the machine's code. Whatever is written
// differently but means the same (4k or 4096, a default given or left out, the order of keys) has the same hash.
import { createHash } from 'node:crypto';
import { codeHash } from '../lab/machine/modules.ts';
import { FLOOR_SCHEME, moduleOf, type RunParams } from '../plan/run_plan.ts';

/** What a hash is made of besides the run's parameters. */
export interface PointContext {
  /** 1 to the spec's repeat. */
  repeat: number;
  /** A planned fault, as written. */
  fault?: string | undefined;
  /** Digest of the machine's modules. Found out where it is not given. */
  code?: string;
}

const HASH_CHARACTERS = 16;

/** 16 hexadecimal digits. */
export function pointHash(params: RunParams, { repeat, fault, code }: PointContext): string {
  const { fabricOf, jobs, ...plain } = params;
  const bars = [...new Set([...params.bars, ...params.barSweep])];
  const fabrics = params.flows.flatMap((flow) =>
    bars.map((bar) => {
      const { name: _, ...fabric } = fabricOf(bar, flow);
      return [flow, bar, fabric];
    }),
  );
  const identity = {
    ...plain,
    // Options as text say nothing that the resolved values do not, and say it in several ways.
    jobs: jobs.map(({ options: _, ...job }) => job),
    fabrics,
    repeat,
    fault: fault ?? null,
    code: code ?? codeOf(params),
  };
  return createHash('sha256').update(canonical(identity)).digest('hex').slice(0, HASH_CHARACTERS);
}

/** Digest of the modules that these schemes run as. */
function codeOf({ schemes, variants }: Pick<RunParams, 'schemes' | 'variants'>): string {
  return codeHash([...schemes, FLOOR_SCHEME].map((scheme) => moduleOf({ scheme }, { variants })));
}

/** Long arrays of numbers (a trace's blocks) by their bytes. */
function digestOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

/** JSON with sorted keys, in which numbers that JSON does not know have a text; undefined is as if it were not there. */
export function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}n"`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (ArrayBuffer.isView(value)) return `"${digestOf(value)}"`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`);
  return `{${entries.join(',')}}`;
}
