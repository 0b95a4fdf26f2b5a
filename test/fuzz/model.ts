// The block path as plain arithmetic on arrays: which bytes every I/O moves where, how many requests, segments, descriptors
// and mapping calls that takes, and what is refused. Written from the rules (kernel 6.12 and the proposals), sharing no code
// with the machine; slow and simple on purpose.
import type { ModelRules } from '../support/expectation.ts';
import { expectedOf } from '../support/expected.ts';
import { checksItself, type FuzzCase, type FuzzIo } from './case.ts';

/** What must come of a case. */
export interface Expected {
  /** Contents after the last I/O; undefined where they depend on when pool memory was free. */
  media: Uint8Array;
  bar: Uint8Array | undefined;
  ram: Uint8Array | undefined;
  errors: number;
  /** Errno of the first refused I/O. */
  refused: string | undefined;
  counts: {
    ios: number;
    requests: number;
    segments: number;
    splits: number;
    merges: number;
    mapCalls: number;
    /** With those that are tried again. */
    fuaWrites: number;
    /** Without Flush commands, which serve whoever asks while one is under way: how many there are is the agents' turns' to say. */
    descriptorBytes: number;
  };
  flushes: number;
  /** What the controller has of Force Unit Access. */
  fuaCommands: number;
}

export interface Contents {
  media: Uint8Array;
  bar: Uint8Array;
  ram: Uint8Array;
}

const PAGE = 4096;
const BLOCK = 512;
const SQE = 64;
const SG = 32;
const DSM_RANGE = 16;
const MOST_RANGES = 256;
/** A request of so many bytes is the last of its plug. */
const PLUG_FLUSH_BYTES = 128 * 1024;

const IN_RAM: Readonly<Record<'direct' | 'through sg', ModelRules>> = {
  direct: { refusal: undefined, noMerge: false, sg: 'never', mapCalls: 'never', mapError: undefined },
  'through sg': { refusal: undefined, noMerge: false, sg: 'unless plain', mapCalls: 'never', mapError: undefined },
};

/** P2P memory, where the scheme's own rules say nothing else. */
const P2P: ModelRules = { refusal: undefined, noMerge: true, sg: 'never', mapCalls: 'request', mapError: undefined };

/** The rules of the case's scheme for P2P memory or host RAM. */
export function rulesOf({ scheme, buffers, p2pQueue, place }: FuzzCase, inRam: boolean): ModelRules {
  const { model } = expectedOf(scheme);
  if (inRam) return IN_RAM[model.ram];
  return {
    ...P2P,
    ...model.p2p({ buffers, p2pQueue, isApart: place === 'apart', isUnderSwitch: place === 'switch' }),
  };
}

/** One part of an I/O that fits the queue's limits. */
interface Part {
  io: FuzzIo;
  index: number;
  lba: number;
  blocks: number;
  /** Byte in its memory. */
  at: number;
  noMerge: boolean;
}

interface PlannedRequest {
  /** Trims: one part for each range, whatever their distance. */
  op: FuzzIo['op'];
  lba: number;
  blocks: number;
  /** In the order of the medium. */
  parts: Part[];
  segments: number;
}

/** Runs the case on copies of `before`. */
export function expect(fuzz: FuzzCase, before: Contents): Expected {
  const counts = {
    ios: fuzz.ios.filter(({ op }) => op !== 'flush').length,
    requests: 0,
    segments: 0,
    splits: 0,
    merges: 0,
    mapCalls: 0,
    fuaWrites: 0,
    descriptorBytes: 0,
  };
  const sent = { flushes: 0, fuaCommands: 0 };
  // With pool buffers nobody knows where the data lies: what is moved there is not followed.
  const contents = checksItself(fuzz)
    ? undefined
    : { media: before.media.slice(), bar: before.bar.slice(), ram: before.ram.slice() };
  const failed = new Set<number>();
  let refused: string | undefined;
  const fail = (index: number, errno: string | undefined): void => {
    failed.add(index);
    refused ??= errno;
  };
  let mapRefused: string | undefined;
  let plug: PlannedRequest[] = [];
  const send = (): void => {
    for (const request of plug) {
      const errno = run(fuzz, request, contents, counts);
      if (errno !== undefined) {
        mapRefused ??= errno;
        for (const { index } of request.parts) fail(index, undefined);
      } else if (isFua(request)) sent.fuaCommands += 1;
    }
    plug = [];
  };
  /** Puts an I/O into the plug. Whether its submitter sleeps then, for a Flush. */
  const issue = (io: FuzzIo, index: number): boolean => {
    const refusal = poolRefusal(fuzz, io) ?? (hasMemory(io) ? rulesOf(fuzz, io.inRam).refusal : undefined);
    if (refusal !== undefined) {
      fail(index, refusal);
      return false;
    }
    const parts = split(fuzz, io, index);
    counts.splits += Math.max(0, parts.length - 1);
    for (const part of parts) {
      if (merge(fuzz, plug.at(-1), part)) {
        counts.merges += 1;
        continue;
      }
      if (plug.length === 32 || (plug.at(-1)?.blocks ?? 0) * BLOCK >= PLUG_FLUSH_BYTES) send();
      plug.push({ op: io.op, lba: part.lba, blocks: part.blocks, parts: [part], segments: 1 });
    }
    if (io.op !== 'flush' && !io.flushed) return false;
    send();
    sent.flushes += 1;
    return fuzz.flushWaits === true;
  };
  // Who slept begins a new batch.
  for (let index = 0; index < fuzz.ios.length; ) {
    const end = Math.min(index + fuzz.batch, fuzz.ios.length);
    for (let sleeps = false; index < end && !sleeps; index++) sleeps = issue(fuzz.ios[index] as FuzzIo, index);
    send();
  }
  return {
    media: contents?.media ?? patterned(fuzz, failed),
    bar: contents?.bar,
    ram: contents?.ram,
    errors: failed.size,
    refused: refused ?? mapRefused,
    counts,
    ...sent,
  };
}

function hasMemory({ op }: FuzzIo): boolean {
  return op === 'read' || op === 'write';
}

/** A write with Force Unit Access is never merged, so that a request has one or none. */
function isFua({ parts }: PlannedRequest): boolean {
  return parts[0]?.io.fua === true;
}

/** The medium where the data is the check's own: each block holds its address and how often it was written. */
export function patterned({ mediaBlocks, ios }: FuzzCase, failed: ReadonlySet<number>): Uint8Array {
  const words = unwritten(mediaBlocks).slice();
  const written = new Map<number, bigint>();
  const trimmed = new Set<number>();
  for (const [index, { op, lba, blocks }] of ios.entries()) {
    if (op === 'read' || failed.has(index)) continue;
    for (let block = lba; block < lba + blocks; block++) {
      if (op === 'trim') trimmed.add(block);
      else {
        written.set(block, (written.get(block) ?? 0n) + 1n);
        trimmed.delete(block);
      }
    }
  }
  for (const [block, times] of written) writePattern(words, block, times);
  for (const block of trimmed) words.fill(0n, block * 64, block * 64 + 64);
  return new Uint8Array(words.buffer);
}

const SPREAD = 0x9e3779b97f4a7c15n;
const neverWritten = new Map<number, BigUint64Array<ArrayBuffer>>();

function unwritten(mediaBlocks: number): BigUint64Array<ArrayBuffer> {
  const known = neverWritten.get(mediaBlocks);
  if (known !== undefined) return known;
  const words = new BigUint64Array((mediaBlocks * BLOCK) / 8);
  for (let block = 0; block < mediaBlocks; block++) writePattern(words, block, 0n);
  neverWritten.set(mediaBlocks, words);
  return words;
}

function writePattern(words: BigUint64Array, block: number, times: bigint): void {
  let word = ((BigInt(block) << 32n) | times) * SPREAD + 1n;
  for (let i = 0; i < 64; i++, word += SPREAD) words[block * 64 + i] = BigInt.asUintN(64, word);
}

/** pci_alloc_p2pmem: what does not fit beside that which was taken before. */
function poolRefusal({ buffers, poolTaken, pages }: FuzzCase, io: FuzzIo): string | undefined {
  const { inRam, blocks } = io;
  if (buffers !== 'pool' || inRam || !hasMemory(io)) return undefined;
  const free = pages - poolTaken;
  return Math.ceil((blocks * BLOCK) / PAGE) > free ? 'ENOMEM' : undefined;
}

/** A buffer is one run of memory: only the largest transfer splits it. A trim transfers nothing, a flush is no part of a request. */
function split(fuzz: FuzzCase, io: FuzzIo, index: number): Part[] {
  if (io.op === 'flush') return [];
  if (io.op === 'trim') return [{ io, index, lba: io.lba, blocks: io.blocks, at: 0, noMerge: false }];
  const { maxSectors } = fuzz;
  const noMerge = io.fua === true || rulesOf(fuzz, io.inRam).noMerge;
  const parts: Part[] = [];
  for (let done = 0; done < io.blocks; done += maxSectors) {
    const blocks = Math.min(maxSectors, io.blocks - done);
    // The front of a split is never merged (bio_submit_split); its last part is as any bio.
    const isFront = done + blocks < io.blocks;
    parts.push({
      io,
      index,
      lba: io.lba + done,
      blocks,
      at: io.page * PAGE + done * BLOCK,
      noMerge: noMerge || isFront,
    });
  }
  return parts;
}

/** Joins a part to the request plugged last, behind or in front of it, where every rule lets it. */
function merge(fuzz: FuzzCase, request: PlannedRequest | undefined, part: Part): boolean {
  if (request === undefined) return false;
  if (request.op === 'trim' || part.io.op === 'trim') return mergeTrim(request, part);
  const behind = request.lba + request.blocks === part.lba;
  const inFront = part.lba + part.blocks === request.lba;
  if (!behind && !inFront) return false;
  if (part.noMerge || request.parts.some(({ noMerge }) => noMerge)) return false;
  if (request.op !== part.io.op || request.blocks + part.blocks > fuzz.maxSectors) return false;
  if (request.segments + 1 > mostSegments(fuzz)) return false;
  const [left, right] = behind ? [request.parts.at(-1) as Part, part] : [part, request.parts[0] as Part];
  // A page may be left and entered only at its edge.
  if ((left.at + left.blocks * BLOCK) % PAGE !== 0 || right.at % PAGE !== 0) return false;
  if (behind) request.parts.push(part);
  else {
    request.parts.unshift(part);
    request.lba = part.lba;
  }
  request.blocks += part.blocks;
  request.segments += 1;
  return true;
}

/** Trims share a command of up to 256 ranges. */
function mergeTrim(request: PlannedRequest, part: Part): boolean {
  if (request.op !== part.io.op || request.parts.length === MOST_RANGES) return false;
  request.parts.push(part);
  request.blocks += part.blocks;
  return true;
}

function mostSegments({ mdtsBytes }: FuzzCase): number {
  return Math.min(128, mdtsBytes / PAGE + 1);
}

/** Moves a request's data and counts what it takes. Errno when its mapping fails, which is tried twice. */
function run(
  fuzz: FuzzCase,
  request: PlannedRequest,
  contents: Contents | undefined,
  counts: Expected['counts'],
): string | undefined {
  if (request.op === 'trim') {
    counts.requests += 1;
    counts.descriptorBytes += SQE + DSM_RANGE * request.parts.length;
    return undefined;
  }
  const runs = runsOf(request);
  const p2pRules = rulesOf(fuzz, false);
  const rules = rulesOf(fuzz, (request.parts[0] as Part).io.inRam);
  const p2pRuns = runs.filter(({ inRam }) => !inRam).length;
  const errno = p2pRuns > 0 ? p2pRules.mapError : undefined;
  const isPlain =
    request.segments === 1 &&
    rules.sg === 'unless plain' &&
    request.blocks * BLOCK + ((runs[0] as Run).at % PAGE) <= 2 * PAGE;
  const throughSg = rules.sg === 'always' || (rules.sg === 'unless plain' && !isPlain);
  const tries = errno === undefined ? 1 : 2;
  counts.requests += tries;
  if (isFua(request)) counts.fuaWrites += tries;
  counts.descriptorBytes += tries * SQE;
  if (throughSg) {
    counts.segments += tries * runs.length;
    counts.descriptorBytes += tries * SG * runs.length;
  } else if (errno === undefined && rules.sg === 'never') {
    counts.segments += runs.length;
  }
  if (p2pRuns > 0 && p2pRules.mapCalls !== 'never') {
    // A refused list ends at its first P2P entry.
    const calls = p2pRules.mapCalls === 'request' || errno !== undefined ? 1 : p2pRuns;
    counts.mapCalls += tries * calls;
  }
  if (errno !== undefined) return errno;
  counts.descriptorBytes += listBytes(runs);
  if (contents !== undefined) for (const part of request.parts) move(part, contents);
  return undefined;
}

function move({ io, lba, blocks, at }: Part, { media, bar, ram }: Contents): void {
  const memory = io.inRam ? ram : bar;
  const bytes = blocks * BLOCK;
  if (io.op === 'read') memory.set(media.subarray(lba * BLOCK, lba * BLOCK + bytes), at);
  else media.set(memory.subarray(at, at + bytes), lba * BLOCK);
}

interface Run {
  inRam: boolean;
  at: number;
  bytes: number;
}

/** Parts that go on in the same memory are one segment. */
function runsOf({ parts }: PlannedRequest): Run[] {
  const runs: Run[] = [];
  for (const { io, at, blocks } of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.inRam === io.inRam && last.at + last.bytes === at) last.bytes += blocks * BLOCK;
    else runs.push({ inRam: io.inRam, at, bytes: blocks * BLOCK });
  }
  return runs;
}

/** PRP1 and PRP2 reach two pages; beyond that a list, whose full pages end in a pointer to the next. */
function listBytes(runs: readonly Run[]): number {
  const pages = runs.reduce((sum, { at, bytes }) => sum + Math.ceil(((at % PAGE) + bytes) / PAGE), 0);
  if (pages <= 2) return 0;
  let entries = pages - 1;
  let written = 0;
  while (entries > 512) {
    written += 512;
    entries -= 511;
  }
  return (written + entries) * 8;
}
