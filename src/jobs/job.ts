// A job ready to run: what a fio job section means once inheritance, units, defaults and limits are worked out.
import type { PerDirection } from './fio_values.ts';

/** A size an I/O may have, and how often: weights of one direction sum to 1. */
export interface BlockSize {
  /** A multiple of 512. */
  readonly bytes: number;
  /** In (0, 1]. */
  readonly weight: number;
}

/** How fio draws the size of an I/O: one size, any multiple of the smallest, or an entry of a split. */
export interface SizeRule {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** bssplit, rarest first, percentages filled in. */
  readonly split?: readonly { readonly bytes: number; readonly percent: number }[];
}

/** How large the files of a job are. */
export type FileSizing =
  /** `bytes` over all files; what does not divide makes the first files larger by one unit each. */
  | { readonly kind: 'shared'; readonly bytes: number; readonly unitBytes: number }
  /** Devices of this size, of which the job uses a percentage. */
  | { readonly kind: 'whole'; readonly fileBytes: number; readonly percent: number; readonly unitBytes: number }
  /** Of each file a size of its own, drawn where the two differ. */
  | {
      readonly kind: 'each';
      readonly leastBytes: number;
      readonly mostBytes: number;
      readonly percent: number;
      readonly unitBytes: number;
    };

/** fio's file_service_type: after so many I/Os the next file's turn comes, or another one is drawn. */
export type FileServiceRule =
  | { readonly kind: 'roundrobin' | 'random' | 'sequential'; readonly ios: number }
  | {
      readonly kind: 'ranked';
      readonly ios: number;
      readonly by: Extract<Distribution, { kind: 'zipf' | 'pareto' | 'normal' }>;
    };

/** The files of a job, which lie one behind another in the namespace. */
export interface JobFiles {
  readonly count: number;
  /** As filename lists them; undefined: made by `nameFormat`. */
  readonly names: readonly string[] | undefined;
  readonly directories: readonly string[];
  readonly nameFormat: string;
  readonly sizing: FileSizing;
  /** size, over all files; Infinity: as much as there is. */
  readonly wantedBytes: number;
  readonly service: FileServiceRule;
  /** How many may be open at a time. */
  readonly mostOpen: number;
}

/** Where a job's random numbers begin (init.c: setup_random_seeds). */
export interface Seeding {
  /** fio's randseed, or what stands for its random one. */
  readonly randseed: number;
  /** Random positions have fio's own seed, whatever randseed is. */
  readonly fixedPositions: boolean;
  /** A new pass draws the same numbers again. */
  readonly reseeds: boolean;
  /** All concerns have fio's own seed (allrandrepeat). */
  readonly all: boolean;
}

/** One zone of a zoned distribution; zones follow each other from the start of the job's region. */
export interface Zone {
  /** Share of the accesses, in percent; a direction's zones sum to 100. */
  readonly accessPercent: number;
  /** Percent of the region for `zoned`, bytes for `zoned_abs`. */
  readonly extent: number;
}

/** fio's random_distribution. `center` in [0, 1] puts the hottest block there; undefined: anywhere, by the seed. */
export type Distribution =
  | { readonly kind: 'random' }
  | { readonly kind: 'zipf'; readonly theta: number; readonly center: number | undefined }
  | { readonly kind: 'pareto'; readonly h: number; readonly center: number | undefined }
  | { readonly kind: 'normal'; readonly deviationPercent: number; readonly center: number | undefined }
  | { readonly kind: 'zoned' | 'zoned_abs'; readonly zones: PerDirection<readonly Zone[]> };

/** A recorded workload in place of a drawn one: its I/Os in order, in columns. */
export interface Replay {
  /** The file it came from. */
  readonly source: string;
  readonly format: string;
  /** First 512-byte block of each I/O. */
  readonly firstBlock: Float64Array;
  readonly blocks: Uint32Array;
  /** What it does: index in TRACE_OPS (traces/trace.ts). */
  readonly op: Uint8Array;
  /** When each I/O is due, since the first; undefined: each as soon as the queue has room (replay_no_stall). */
  readonly dueNs: Float64Array | undefined;
  /** End of the last block used. */
  readonly endBytes: number;
}

/** How fast I/Os of one direction arrive. */
export type RateOfDirection = { readonly iops: number } | { readonly bytesPerSecond: number };

/** fio's rate options: I/Os arrive at times of their own. Each direction that the job uses has a rate. */
export interface Rate {
  /** Equal gaps, or exponential ones. */
  readonly process: 'linear' | 'poisson';
  readonly read?: RateOfDirection;
  readonly write?: RateOfDirection;
}

/** Multiples of 512. */
export interface Zones {
  /** I/O to a zone before the next is begun. */
  readonly sizeBytes: number;
  /** Length of a zone. */
  readonly rangeBytes: number;
  /** Left out between two zones. */
  readonly skipBytes: number;
}

/** fio's zonemode=zbd: the namespace is zoned (NVMe Zoned Namespace command set), all of it in zones of one size. Bytes. */
export interface ZonedDevice {
  readonly zoneBytes: number;
  /** What may be written of a zone. */
  readonly capacityBytes: number;
  /** Left out between two zones by sequential I/O. */
  readonly skipBytes: number;
  /** Zones that may be open for writing, of each file and of the job; 0: any number. */
  readonly maxOpen: number;
  readonly jobMaxOpen: number;
  /** The namespace has maxOpen as its own limit too, unless ignore_zone_limits. */
  readonly isLimited: boolean;
  readonly readBeyondWp: boolean;
  /** Above this share of the job's bytes with data, one in 1/resetFrequency writes resets its zone; frequency 0: none does. */
  readonly resetThreshold: number;
  readonly resetFrequency: number;
  /** A job that writes nothing finds all zones full, as a device that was written before. */
  readonly startsFull: boolean;
}

/** fio's thinktime: pauses between bursts of I/Os. */
export interface Think {
  /** From the last completion of a burst to the first I/O of the next. */
  readonly pauseNs: number;
  /** I/Os of a burst, and whether it ends when they are issued or when they have completed; undefined: not by number. */
  readonly ios: number | undefined;
  readonly countedBy: 'issue' | 'complete';
  /** Longest time of a burst; undefined: not by time. */
  readonly burstNs: number | undefined;
}

/** fio's latency_target: the depth is the largest at which enough I/Os end in time. */
export interface LatencyTarget {
  readonly targetNs: number;
  /** How long each depth is tried. */
  readonly windowNs: number;
  /** I/Os that must end in time, in (0, 100]. */
  readonly percentile: number;
}

/** fio's flow: jobs with the same id issue I/Os in proportion to their weights. */
export interface FlowShare {
  readonly id: number;
  /** 1 or more. */
  readonly weight: number;
}

export interface Job {
  readonly name: string;
  /** Jobs of one group run together; a group starts when all of the one before it have ended (stonewall). From 0. */
  readonly group: number;
  /** Jobs fio would report as one (group_reporting, new_group, stonewall). From 0. */
  readonly reportGroup: number;
  /** Clones of this job, 1 or more, each on a queue of its own. */
  readonly numjobs: number;
  /** How many clones the jobs before this one have: clone c is fio's thread number firstClone + c + 1. */
  readonly firstClone: number;
  readonly rw: {
    readonly reads: boolean;
    readonly writes: boolean;
    readonly random: boolean;
    /** Trims in place of the writes, one of the same blocks before each, or those of a trace; undefined: none. */
    readonly trims?: 'all' | 'before-write' | 'recorded';
  };
  /** Percentage of reads: 100 for reads only, 0 for writes only. */
  readonly rwmixRead: number;
  /** What `rw=randread:8`, `rw=read:4k` and rw_sequencer ask for. */
  readonly sequence: {
    /** A random position every so many I/Os; 1 = each. */
    readonly randomEvery: number;
    /** Where the I/Os between two random ones go: on from the last, or to the same place again. */
    readonly between: 'sequential' | 'identical';
    /** Bytes skipped between two sequential I/Os; negative runs backwards. */
    readonly skipBytes: number;
  };
  /** Of a random job: percentage of I/Os at a random place, the others go on from the last. */
  readonly percentRandom: PerDirection<number>;
  readonly blockSizes: PerDirection<readonly BlockSize[]>;
  readonly sizeRules: PerDirection<SizeRule>;
  /** bs_is_seq_rand: the sizes of reads are those of sequential I/Os, the sizes of writes those of random ones. */
  readonly sizesByOrder: boolean;
  /** Random offsets are multiples of this (fio's blockalign). */
  readonly blockAlignBytes: PerDirection<number>;
  readonly files: JobFiles;
  /** One pass over all files. Within each, the job starts at offsetBytes + clone * offsetIncrementBytes. */
  readonly sizeBytes: number;
  readonly offsetBytes: number;
  readonly offsetIncrementBytes: number;
  /** fio's zonemode=strided: I/O stays in one zone of the region until so many bytes went there, then goes on to the next. */
  readonly zones?: Zones;
  /** fio's zonemode=zbd; never beside the one above. */
  readonly zoned?: ZonedDevice;
  /** I/Os in flight, 1 or more. */
  readonly iodepth: number;
  /** I/Os submitted at once, 1 to iodepth. */
  readonly iodepthBatch: number;
  /** I/Os of one clone after which the job is done, all loops counted; Infinity when timeBased. */
  readonly totalIos: number;
  /**
   * fio completes an I/O as it is queued (an engine that waits, or a depth of 1): it then ends a pass over the files only where they end,
   * otherwise after sizeBytes.
   */
  readonly isSynchronous: boolean;
  readonly loops: number;
  /** What a loop does in place of sizeBytes (io_size). */
  readonly ioSize: { readonly bytes: number } | { readonly percent: number } | undefined;
  /** number_ios; Infinity: no limit. */
  readonly iosPerLoop: number;
  /** The job ends after this long even if totalIos is not reached; undefined: no limit. */
  readonly runtimeMs: number | undefined;
  /** Goes on until runtimeMs. */
  readonly timeBased: boolean;
  /** Warm-up before anything is measured. */
  readonly rampMs: number;
  readonly randSeed: number;
  readonly seeding: Seeding;
  readonly generator: 'tausworthe' | 'tausworthe64' | 'lfsr';
  /** False: a random job touches each block once before any twice. */
  readonly norandommap: boolean;
  readonly distribution: Distribution;
  /**
   * fsync, fdatasync, and a synchronous write of an engine that waits: a Flush after every so many writes, and whether the engine waits
   * for it. Of a replay: its recorded flushes, after no number of writes.
   */
  readonly fsync?:
    | {
        readonly everyWrites: readonly number[];
        readonly waits: boolean;
        /** Linux sends them, unasked. */
        readonly isOfSync?: true;
        /** One more behind the last I/O of the job, each time the stream has gone through it (end_fsync, fsync_on_close). */
        readonly atEnd?: true;
      }
    | undefined;
  /** Every write is on the medium when it ends (sync, writefua). */
  readonly fua?: boolean;
  /** Check the data of every I/O. */
  readonly verify: boolean;
  /** What read_iolog replays, clone c the one at c modulo their number; then rw, sizes and places above only describe it. */
  readonly replays?: readonly Replay[];
  /** Open loop: of each clone, as in fio. undefined: each I/O as soon as the queue has room. */
  readonly rate?: Rate;
  /** Pauses; never beside a rate. */
  readonly think?: Think;
  /** In step with other jobs; never beside a rate or pauses. */
  readonly flow?: FlowShare;
  /** Then iodepth is only the most; never beside any of the three above. */
  readonly latencyTarget?: LatencyTarget;
  /** write_iolog: the file that takes the access stream. */
  readonly iolog?: string;
  /** The option that asks for commands besides Read and Write, and where it stands; undefined: there is none. */
  readonly otherCommands?: { readonly at: string; readonly option: string };
  /** fio's names and values of everything above and of what was ignored, for results. */
  readonly options: Readonly<Record<string, string>>;
}

/** The mean size of an I/O in bytes. */
export function meanBlockBytes(job: Pick<Job, 'rwmixRead' | 'blockSizes'>): number {
  const mean = (sizes: readonly BlockSize[]): number => sizes.reduce((sum, size) => sum + size.bytes * size.weight, 0);
  const readShare = job.rwmixRead / 100;
  return readShare * mean(job.blockSizes.read) + (1 - readShare) * mean(job.blockSizes.write);
}

/** The block sizes of the directions the job uses. */
export function usedBlockSizes(job: Pick<Job, 'rw' | 'blockSizes'>): readonly BlockSize[] {
  return [...(job.rw.reads ? job.blockSizes.read : []), ...(job.rw.writes ? job.blockSizes.write : [])];
}

/** The largest buffer that an I/O of the job has: trims have none. */
export function bufferBytesOf(job: Pick<Job, 'rw' | 'blockSizes'>): number {
  if (job.rw.trims === 'all') return 0;
  return Math.max(...usedBlockSizes(job).map(({ bytes }) => bytes));
}
