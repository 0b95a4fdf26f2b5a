// What lies where in a machine's memory: the regions that its planner named, each as a structure with fields, and the page size by which
// the kernel would map it. Whatever the planner adds is there by its own name, as one field, until it is described here.
import {
  Bell,
  BIO_STRIDE,
  BIO_VECS_AT,
  Bio,
  BioVec,
  BusWindow,
  Counters,
  DeviceQueue,
  DevPagemap,
  DIO_AT,
  Dio,
  DmaClient,
  GenPool,
  GenPoolChunk,
  HostQueue,
  IbMr,
  Initiator,
  InitiatorCommand,
  IoDescriptor,
  Lifetime,
  Machine,
  MapIter,
  MapTypeAnswer,
  NvmeCommand,
  NvmeCompletion,
  NvmeIod,
  NvmetRdmaCmd,
  NvmetRdmaQueue,
  NvmetRdmaRsp,
  Pacing,
  Page,
  PciP2pdmaPagemap,
  PGMAP_IN_P2PDMA,
  QueueLimits,
  QueueShared,
  RDMA_WQE_BYTES,
  RdmaCqe,
  RdmaQpShared,
  RdmaRecvWqe,
  RdmaWqe,
  REQUEST_STRIDE,
  Request,
  Rnic,
  RnicMr,
  RSP_STRIDE,
  Scatterlist,
  WRITER_STRIDE,
} from '../../build/layout.ts';
import type { NamedSpan } from '../lab/machine/arena.ts';
import type { RegionTable } from './simulator.ts';

/** A field of a structure, as a listing has it. */
export interface Field {
  structure: string;
  name: string;
  /** In the structure; its bytes reach to the next field: padding behind it is its own. */
  offset: number;
  bytes: number;
}

/** How the kernel maps a region: the direct map and the memmap by 2 MiB, what a user has mapped by 4 KiB. */
export type PageSizes = 'kernel' | '4k' | '2m';

export interface MemoryMap {
  /** The first one is what lies in no region. */
  fields: readonly Field[];
  regions: readonly RegionTable[];
  /** Whether a 4 KiB page lies in a 2 MiB page. */
  isHuge(page: number, sizes: PageSizes): boolean;
}

/** Offsets of a structure's fields, and its bytes (build/layout.ts). */
type Layout = Readonly<Record<string, number>>;
/** A structure somewhere in the element of a region. */
type Part = readonly [at: number, structure: string, layout: Layout];

interface Kind {
  /** Bytes from one element to the next. */
  stride: number;
  parts: readonly Part[];
}

const of = (structure: string, layout: object, stride = (layout as Layout).bytes as number): Kind => ({
  stride,
  parts: [[0, structure, layout as Layout]],
});
/** Elements without fields. */
const entries = (structure: string, bytes: number): Kind => of(structure, { bytes, entry: 0 });
const bytesOf = (layout: object): number => (layout as Layout).bytes as number;

/** By the planner's names, without the number of the queue, lane or target before them. */
const KINDS: Readonly<Record<string, Kind>> = {
  machine: of('machine', Machine),
  'life of the provider': of('lifetime', Lifetime),
  pagemap: {
    stride: PGMAP_IN_P2PDMA + DevPagemap.bytes,
    parts: [
      [0, 'pci_p2pdma_pagemap', PciP2pdmaPagemap],
      [PGMAP_IN_P2PDMA, 'pgmap', DevPagemap],
    ],
  },
  gen_pool: of('gen_pool', GenPool),
  'DMA clients': of('dma_client', DmaClient),
  'map type answers': of('map_type_answer', MapTypeAnswer),
  bells: of('bell', Bell, WRITER_STRIDE),
  'queue limits': of('queue_limits', QueueLimits),
  'queue host': of('host_queue', HostQueue),
  'queue device': of('device_queue', DeviceQueue),
  'queue doorbells': of('doorbells', QueueShared),
  'queue bus windows': of('bus_window', BusWindow),
  'queue map iterator': of('map_iter', MapIter),
  'queue counters': of('counters', Counters),
  'queue plug': entries('plug', 4),
  'queue SQ': of('SQE', NvmeCommand),
  'queue CQ': of('CQE', NvmeCompletion),
  'queue requests': {
    stride: REQUEST_STRIDE,
    parts: [
      [0, 'request', Request],
      [Request.bytes, 'iod', NvmeIod],
    ],
  },
  'queue bios': {
    stride: BIO_STRIDE,
    parts: [
      [0, 'bio', Bio],
      ...[0, 1, 2, 3].map((i): Part => [BIO_VECS_AT + i * BioVec.bytes, 'bvec', BioVec]),
      [DIO_AT, 'dio', Dio],
    ],
  },
  'queue biovecs': of('bvec', BioVec),
  'queue scatterlists': of('sg', Scatterlist),
  'queue short PRP lists': entries('PRP', 8),
  'queue PRP lists': entries('PRP', 8),
  'lane access stream': of('access stream', IoDescriptor),
  'lane pacing': of('pacing', Pacing),
  'gen_pool chunk': of('gen_pool_chunk', GenPoolChunk),
  memmap: of('page', Page),
  'target initiator': of('initiator', { ...HostQueue, ...Initiator }),
  'target RNIC': of('rnic', Rnic),
  'target queue': of('nvmet_rdma_queue', NvmetRdmaQueue),
  'target doorbells': of('rdma doorbells', RdmaQpShared),
  'target bus windows': of('bus_window', BusWindow),
  'target SQ': of('rdma WQE', RdmaWqe, RDMA_WQE_BYTES),
  'target RQ': of('rdma receive WQE', RdmaRecvWqe),
  'target CQ': of('rdma CQE', RdmaCqe),
  'target responses': of('nvmet_rdma_rsp', NvmetRdmaRsp, RSP_STRIDE),
  'target receive buffers': of('nvmet_rdma_cmd', NvmetRdmaCmd),
  'target commands': of('initiator command', InitiatorCommand),
  'target I/Os': of('dio', Dio),
  'target regions': of('ib_mr', IbMr),
  "target the RNIC's regions": of('rnic MR', RnicMr),
};

/** Structures of several regions under one name. */
const NAMES: Readonly<Record<string, string>> = {
  'gen_pool bitmap': 'gen_pool bitmap',
  'queue tags': 'tags',
  'queue histograms': 'latency histogram',
  'target histograms': 'latency histogram',
  'BAR window': 'payload in the BAR',
  'RAM window': 'payload in RAM',
  'queue medium': 'medium',
  'structures of schemes': 'scheme',
};
/** What a process has mapped. */
const USER = /^(BAR window|RAM window|target \d+ initiator's memory)$/;
const PAGE_BYTES = 4096;
const OUTSIDE: Field = { structure: 'outside', name: 'outside', offset: 0, bytes: 0 };

/** @param named every region that the planner took, in ascending order */
export function mapMemory(named: readonly NamedSpan[]): MemoryMap {
  const fields: Field[] = [OUTSIDE];
  const known = new Map<string, FieldTable>();
  const first = named[0]?.span.at ?? 0;
  const below: NamedSpan = { name: 'statics of modules', span: { at: 0, bytes: first } };
  const regions = [below, ...named].filter(({ span }) => span.bytes > 0).flatMap(partsOf);
  const tables = regions.map(({ name, span }): RegionTable => {
    const kind = kindOf(name);
    let found = known.get(kind);
    if (found === undefined) {
      found = addFields(fields, kind);
      known.set(kind, found);
    }
    return { at: span.at, bytes: span.bytes, fieldOfByte: found.fieldOfByte, firstField: found.first };
  });
  const user = named.filter(({ name }) => USER.test(name)).map(({ span }) => span);
  return {
    fields,
    regions: tables,
    isHuge: (page, sizes) => {
      if (sizes !== 'kernel') return sizes === '2m';
      const at = page * PAGE_BYTES;
      return !user.some((span) => at >= span.at && at < span.at + span.bytes);
    },
  };
}

interface FieldTable {
  first: number;
  fieldOfByte: readonly number[];
}

/** A region whose head is a structure of its own. */
const HEADS: Readonly<Record<string, readonly [bytes: number, head: string]>> = {
  'gen_pool bitmap': [GenPoolChunk.bytes, 'gen_pool chunk'],
};

function partsOf({ name, span }: NamedSpan): NamedSpan[] {
  const head = HEADS[name];
  if (head === undefined) return [{ name, span }];
  const [bytes, headName] = head;
  return [
    { name: headName, span: { at: span.at, bytes } },
    { name, span: { at: span.at + bytes, bytes: span.bytes - bytes } },
  ];
}

/** `queue 3 SQ` is a `queue SQ`; an IOMMU is an IOMMU whoever is behind it. */
function kindOf(name: string): string {
  return name.replace(/^(queue|lane|target) \d+ /, '$1 ').replace(/^IOMMU of .*/, 'IOMMU');
}

/** Appends the fields of a kind of region, with padding before the first and between structures under the region's own name. */
function addFields(fields: Field[], name: string): FieldTable {
  const kind = KINDS[name];
  const first = fields.length;
  if (kind === undefined) {
    const structure = NAMES[name] ?? name;
    fields.push({ structure, name: structure, offset: 0, bytes: 0 });
    return { first, fieldOfByte: [] };
  }
  const fieldOfByte = Array.from({ length: kind.stride }, () => -1);
  const own = new Map<string, number>();
  for (const [at, structure, layout] of kind.parts) {
    for (const field of fieldsOf(structure, layout)) {
      const key = `${structure}.${field.name}`;
      const index = own.get(key) ?? own.size;
      if (!own.has(key)) fields.push(field);
      own.set(key, index);
      fieldOfByte.fill(index, at + field.offset, at + field.offset + field.bytes);
    }
  }
  if (fieldOfByte.includes(-1)) {
    const structure = kind.parts[0]?.[1] ?? name;
    fields.push({ structure, name: '(between)', offset: kind.stride, bytes: 0 });
  }
  return { first, fieldOfByte: fieldOfByte.map((index) => (index < 0 ? own.size : index)) };
}

function fieldsOf(structure: string, layout: Layout): Field[] {
  const starts = Object.entries(layout)
    .filter(([name]) => name !== 'bytes')
    .sort(([, a], [, b]) => a - b);
  return starts.map(([name, offset], i) => {
    const next = starts[i + 1]?.[1] ?? bytesOf(layout);
    return { structure, name, offset, bytes: next - offset };
  });
}
