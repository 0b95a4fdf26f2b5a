// Every reader of files from elsewhere, fed with damaged files in process. A reader may refuse (LabError) or accept; anything
// else that it throws, and an input that takes seconds, is a fault.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../src/base/errors.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { btfWriter } from '../../src/btf/btf_writer.ts';
import { layoutDocument } from '../../src/btf/document.ts';
import { btfOfBytes } from '../../src/btf/load.ts';
import { readGates } from '../../src/gate/gates_file.ts';
import { parseJobFile } from '../../src/jobs/job_file.ts';
import { resolveJobs } from '../../src/jobs/resolve.ts';
import { loadTrace } from '../../src/jobs/traces/load_trace.ts';
import { optionKey } from '../../src/options/options_object.ts';
import { terminalSummary } from '../../src/report/formats/summary.ts';
import { markdownSummary } from '../../src/report/formats/summary_markdown.ts';
import { cellsTable } from '../../src/report/tables/cells_table.ts';
import { csvText } from '../../src/report/tables/csv.ts';
import { parseResult } from '../../src/result/schema.ts';
import { expand } from '../../src/sweep/expand.ts';
import { parseSpec } from '../../src/sweep/spec.ts';
import { importers } from '../../src/topology/load.ts';
import { writeLspci } from '../../src/topology/lspci_writer.ts';
import { preset } from '../../src/topology/presets.ts';
import { fromSysfs, type SysfsRecord } from '../../src/topology/sysfs.ts';
import { resultFixture } from '../support/result_fixture.ts';
import { mutateBytes, mutateText } from './mutate.ts';

/** A reader with files it takes. Text where it can be; bytes for BTF. */
export interface Target {
  name: string;
  samples: readonly string[];
  read(text: string): void;
}

export interface Fault {
  target: string;
  seed: number;
  /** What was thrown, or how long it took. */
  what: string;
  input: string;
}

const DATA = new URL('../../../shared/data/', import.meta.url);

/** Texts of a folder beside the checkout; none where it is absent. */
function filesOf(folder: string, pattern: RegExp): string[] {
  const url = new URL(folder, DATA);
  if (!existsSync(url)) return [];
  return readdirSync(url, { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => readFileSync(new URL(name, url), 'utf8').slice(0, 40_000));
}

const JOB =
  '[global]\nioengine=libaio\nrw=randrw\nbs=4k,64k\nsize=1g\nrwmixread=70\n[a]\niodepth=32\n[b]\nstonewall\nrw=write\n';
const IOLOG =
  'fio version 2 iolog\n/dev/x add\n/dev/x open\n/dev/x read 0 4096\n/dev/x write 4096 8192\n/dev/x close\n';
const MSR =
  '128166372003061629,usr,0,Read,7014609920,24576,41286\n128166372016382155,usr,0,Write,1317441536,8192,1963\n';
const NCCL =
  '<system version="1"><cpu numaid="0" arch="x86_64" vendor="AuthenticAMD"><pci busid="0000:01:00.0" class="0x060400" link_speed="16 GT/s" link_width="16"><pci busid="0000:02:00.0" class="0x030200" link_speed="16 GT/s" link_width="16"/></pci></cpu></system>';
const GATES = `schema: p2plab.gates/1
budget: 90s
workloads:
  small: { bar: 64MiB, bs: 4k }
rules:
  - name: counts
    kind: exact
    workload: small
    scheme: [page, page@5.2]
    buffers: [pool, fixed]
    expect: { perIo.pageLines: 1, perIo.doorbells: 9/256, refused: none }
  - { name: faster, kind: ratio, a: dma_vec/fixed, b: page/fixed, below: 0.9 }
  - { name: same, kind: equivalent, workload: small, metric: iops, a: "page/fixed'", b: page/fixed, margin: 5% }
`;
const SWEEP = `bar: [64MiB, 1GiB]
bs: [512, 4k, 64k]
payload: [none, move]
zip: [[bar, payload]]
exclude:
  - {bs: 512}
set: {iodepth: [1, 32]}
repeat: 2
`;
const HWLOC = `<topology version="2.0"><object type="Machine" os_index="0"><object type="Bridge" bridge_type="0-1" bridge_pci="0000:[00-05]">
<object type="Bridge" bridge_type="1-1" bridge_pci="0000:[01-01]" pci_busid="0000:00:01.0" pci_type="0604 [8086:2030] [0000:0000] 04 00" pci_link_speed="15.75">
<object type="PCIDev" pci_busid="0000:01:00.0" pci_type="0302 [10de:20b0] [10de:1450] a1"><info name="PCIVendor" value="NVIDIA"/></object>
</object></object></object></topology>`;

/** Device directories as text, so that they can be damaged: one of each file in `[name]` sections, config space in hex. */
const SYSFS = `[0000:00:01.0]
path /sys/devices/pci0000:00/0000:00:01.0
config 86800c00 07051000 00000406 10000100 00000000 00000000 00010100 00000000 00001000 01000000 00000000 00000000 00000000 40000000 00000000 00000000
resource 0x0000000000000000 0x0000000000000000 0x0000000000000000
numa_node 0
vendor 0x8086
device 0x000c
current_link_speed 16.0 GT/s PCIe
current_link_width 16
[0000:01:00.0]
path /sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0
config 4d1408a8 06041000 00020801 10000000 040010f0 00000000 00000000 00000000 00000000 00000000 00000000 4d140ba8 00000000 40000000 00000000 0b010000
resource 0x00000000f0100000 0x00000000f0103fff 0x0000000000140204
numa_node 0
physfn 0000:01:00.1
vendor 0x144d
device 0xa808
max_link_speed 16.0 GT/s PCIe
max_link_width 4
`;

/** What readSysfs would have read of such directories. */
function sysfsRecords(text: string): SysfsRecord[] {
  return text.split(/^(?=\[)/m).map((section) => {
    const linesOf = (key: string): string[] =>
      section.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
    const one = (key: string): string => linesOf(key)[0] ?? '';
    const numaNode = Number.parseInt(one('numa_node'), 10);
    return {
      id: /^\[(.*)\]/.exec(section)?.[1] ?? '',
      path: one('path'),
      config: Uint8Array.from(Buffer.from(one('config').replaceAll(' ', ''), 'hex')),
      resource: linesOf('resource').join('\n'),
      numaNode: numaNode >= 0 ? numaNode : undefined,
      physfn: linesOf('physfn')[0],
      hasIommuGroup: section.includes('iommu_group'),
      linkSpeed: one('current_link_speed'),
      linkWidth: one('current_link_width'),
      maxLinkSpeed: one('max_link_speed'),
      maxLinkWidth: one('max_link_width'),
      vendor: one('vendor'),
      device: one('device'),
    };
  });
}

/** Every reader. `scratch` holds the trace of the moment: traces are read by their path. */
export async function parserTargets(scratch: string): Promise<Target[]> {
  const topologies = await importers();
  const importer = (name: string) =>
    topologies.find((each) => each.name.startsWith(name)) as (typeof topologies)[number];
  const topologyTarget = (name: string, samples: readonly string[]): Target => ({
    name,
    samples,
    read: (text) => void importer(name).parse(text, `x.${name}`),
  });
  const xml = filesOf('topology/', /\.xml$/);
  const trace = join(scratch, 'trace');
  const presetText = writeLspci(preset('two-root-ports', { barBytes: 2 ** 30 }).topology);
  const result = JSON.stringify(
    resultFixture({ workloads: [{ payload: 'none', bar: 2 ** 30 }], sweepBars: [], rounds: 2, schemes: ['page'] }),
  );
  return [
    {
      name: 'job file',
      samples: [JOB, ...filesOf('fio/', /\.fio$/)],
      read: (text) =>
        void resolveJobs(parseJobFile(text, 'x.fio'), {
          limits: { namespaceBytes: 2 ** 40, maxIodepth: 1023 },
          seed: 1,
        }),
    },
    {
      name: 'trace',
      samples: [IOLOG, MSR, ...filesOf('traces/', /./), ...filesOf('fio/', /iolog$|\.txt$|\.csv$|\.spc$/)],
      read: (text) => {
        writeFileSync(trace, text);
        loadTrace(trace);
      },
    },
    topologyTarget('lspci', [presetText, ...filesOf('topology/', /\.txt$/)]),
    topologyTarget('hwloc', [HWLOC, ...xml]),
    topologyTarget('nccl', [NCCL, ...xml]),
    { name: 'sysfs', samples: [SYSFS], read: (text) => void fromSysfs(sysfsRecords(text), '', 'host') },
    { name: 'gates', samples: [GATES], read: (text) => void readGates(text, 'gates.yaml') },
    { name: 'sweep', samples: [SWEEP], read: (text) => void expand(parseSpec(text, 'sweep.yaml', optionKey)) },
    {
      name: 'result',
      samples: [result],
      read: (text) => {
        const parsed = parseResult(text, 'result.json');
        terminalSummary(parsed);
        markdownSummary(parsed);
        csvText(cellsTable(parsed));
      },
    },
    {
      name: 'BTF',
      samples: [Buffer.from(smallBtf()).toString('latin1')],
      read: (text) => void layoutDocument([btfOfBytes(Buffer.from(text, 'latin1'), 'x.btf')]),
    },
  ];
}

function smallBtf(): Uint8Array {
  const writer = btfWriter();
  const int = writer.int('int', 4);
  writer.struct('bio', 8, [
    { name: 'bi_next', type: int, bitAt: 0 },
    { name: 'bi_bdev', type: int, bitAt: 32 },
  ]);
  return writer.bytes();
}

/** Longer is no longer linear; a loaded machine takes a tenth of it. */
const SLOW_MS = 5000;

/** Feeds `inputs` damaged files of consecutive seeds, the readers in turn. Calls back with each fault. */
export function fuzzParsers(
  targets: readonly Target[],
  { seed, inputs }: { seed: number; inputs: number },
  onFault: (fault: Fault) => void,
): void {
  for (let i = 0; i < inputs; i++) {
    const target = targets[i % targets.length] as Target;
    const random = seededRandom(seed + i);
    const input = damagedSample(target, random);
    const began = performance.now();
    const what = faultOf(() => target.read(input));
    const tookMs = performance.now() - began;
    const fault = what ?? (tookMs > SLOW_MS ? `took ${Math.round(tookMs)} ms` : undefined);
    if (fault !== undefined) onFault({ target: target.name, seed: seed + i, what: fault, input });
  }
}

function damagedSample({ name, samples }: Target, random: Random): string {
  const sample = samples[random.below(samples.length)] as string;
  if (name === 'BTF') return Buffer.from(mutateBytes(Buffer.from(sample, 'latin1'), random)).toString('latin1');
  return mutateText(sample, samples[random.below(samples.length)] as string, random);
}

function faultOf(read: () => void): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof LabError) return undefined;
    return (error as Error).stack ?? String(error);
  }
}
