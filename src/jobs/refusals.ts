// Which parts of a parsed job file the lab cannot run as written, and why. Parsing never refuses; running does.
import { LabError, suggestion } from '../base/errors.ts';
import { optionClass, REFUSED } from './fio_options.ts';
import { asWritten, badValue, type Option, where } from './option.ts';

/** Engines that hand a block device plain reads and writes: what the emulated block path does for all of them. */
const BLOCK_ENGINES = new Set(
  `libaio io_uring io_uring_cmd guasi posixaio solarisaio windowsaio sg null cpp_null xnvme libblkio libzbc external
   sync psync vsync pvsync pvsync2 mmap splice`.split(/\s+/),
);

/** Engines that wait for each I/O: fio caps their queue depth at 1. */
export const SYNCHRONOUS_ENGINES: ReadonlySet<string> = new Set(
  'sync psync vsync pvsync pvsync2 mmap splice'.split(' '),
);

/** Whether an engine waits for each I/O, as the one that fio uses where none is named does. */
export function isSynchronousEngine(option: Option | undefined): boolean {
  return option === undefined || SYNCHRONOUS_ENGINES.has(engineOf(option));
}

const RDMA = 'moves data over an RDMA link';
const STORE = 'moves data over a network store';
const SOCKET = 'moves data over a network socket';
const PMEM = 'moves data to persistent memory without a block layer';
const NO_BLOCK_IO = 'does no block I/O';

/** Engines that do something else than reading and writing a local block device. */
const OTHER_ENGINES: ReadonlyMap<string, string> = new Map([
  ...engines('net netsplice', SOCKET),
  ...engines('rdma librpma_apm_server librpma_apm_client librpma_gpspm_server librpma_gpspm_client', RDMA),
  ...engines('libcufile', 'moves data to GPU memory through cuFile'),
  ...engines('libhipfile', 'moves data to GPU memory through hipFile'),
  ...engines(
    'rbd rados gfapi gfapi_async libhdfs http nfs nbd libiscsi dfs ime_psync ime_psyncv ime_aio sheepdog',
    STORE,
  ),
  ...engines('pmemblk dev-dax libpmem', PMEM),
  ...engines('page_fault', 'touches pages of memory and does no I/O'),
  ...engines('gpuaccel', 'moves data to the memory of an accelerator'),
  ...engines('mtd', 'drives raw flash'),
  ...engines('cpuio exec ftruncate falloc e4defrag filecreate filestat filedelete fileoperations', NO_BLOCK_IO),
  ...engines('dircreate dirstat dirdelete', NO_BLOCK_IO),
]);

function engines(names: string, what: string): [string, string][] {
  return names.split(' ').map((name) => [name, what]);
}

/** The engine an option names, without what follows a colon (`external:/path/to/plugin`). */
export function engineOf(option: Option): string {
  return (option.value ?? '').split(':')[0] ?? '';
}

/**
 * Why this option keeps its job from running, or undefined when it does not: it is not refused, or its value is the
 * one that changes nothing (`rate=0`).
 * @throws LabError for an engine that fio does not have
 */
export function refusalOf(option: Option): string | undefined {
  if (option.name === 'ioengine') return engineRefusal(option);
  if (optionClass(option.name) !== 'refused') return undefined;
  const rule = REFUSED.get(option.name);
  const value = option.value ?? '1';
  const harmless = rule?.harmless.includes(/^0+[a-z]*$/.test(value) ? '0' : value);
  return harmless ? undefined : rule?.reason;
}

function engineRefusal(option: Option): string | undefined {
  const engine = engineOf(option);
  // A path names a plug-in, as external: does.
  if (BLOCK_ENGINES.has(engine) || engine.includes('/')) return undefined;
  const other = OTHER_ENGINES.get(engine);
  if (other !== undefined) {
    return `${other}; the lab runs what a local NVMe device is given. Use a block engine such as io_uring`;
  }
  const near = suggestion(engine, [...BLOCK_ENGINES, ...OTHER_ENGINES.keys()]);
  throw badValue(option, `fio has no such engine${near || '; for example ioengine=io_uring.'}`);
}

/**
 * One error for all refusals of a file: each option once, with the line it stands on first, how many more there are,
 * and the reason.
 * @returns undefined when nothing is refused
 */
export function refusalError(file: string, options: Iterable<Option>): LabError | undefined {
  const refused = new Map<string, { option: Option; reason: string; sources: Set<string> }>();
  for (const option of options) {
    const reason = refusalOf(option);
    if (reason === undefined) continue;
    const entry = refused.get(option.name) ?? { option, reason, sources: new Set<string>() };
    entry.sources.add(where(option.at));
    refused.set(option.name, entry);
  }
  if (refused.size === 0) return undefined;
  const said = new Set<string>();
  const lines = [...refused.values()].map(({ option, reason, sources }) => {
    const more = sources.size > 1 ? ` (and ${sources.size - 1} more)` : '';
    const why = said.has(reason) ? 'likewise' : reason;
    said.add(reason);
    return `  ${where(option.at)}: ${asWritten(option)}${more} ${why}.`;
  });
  return new LabError(`${file}: the lab cannot run this workload as written.\n${lines.join('\n')}`);
}
