// A recorded workload, whatever it was recorded by: reads, writes, trims and flushes with their times, one column for each field.

/** What an I/O does; `fua` is a write with Force Unit Access. A column holds the place in this list. */
export const TRACE_OPS = ['read', 'write', 'fua', 'trim', 'flush'] as const;
export type TraceOp = (typeof TRACE_OPS)[number];

/** What was recorded of one I/O. */
export interface TraceRecord {
  /** Of the trace's own clock. */
  readonly timeNs: number;
  readonly op: TraceOp;
  /** The disk or file as the trace names it. */
  readonly device: string;
  /** Both 0 of a flush. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** The records, in order, in columns: traces have millions of them. */
export interface Trace {
  readonly source: string;
  /** Its format's name, for messages and results. */
  readonly format: string;
  readonly count: number;
  /** Since the first record; never decreasing. */
  readonly timeNs: Float64Array;
  /** Index in TRACE_OPS. */
  readonly op: Uint8Array;
  /** Index in `devices`. */
  readonly device: Uint16Array;
  readonly offsetBytes: Float64Array;
  readonly lengthBytes: Float64Array;
  readonly devices: readonly string[];
  /** The trace says when each I/O came (an iolog of version 2 without waits does not). */
  readonly timed: boolean;
  /** What was left out or changed on reading, one line each. */
  readonly notes: readonly string[];
}

/** Directions that are left out, by fio's names (replay_skip). */
export type TraceFilter = ReadonlySet<FioDirection>;
export type FioDirection = 'read' | 'write' | 'trim' | 'sync';

export function fioDirection(op: TraceOp): FioDirection {
  if (op === 'fua') return 'write';
  return op === 'flush' ? 'sync' : op;
}

/** One line of a trace that is none of these. */
export type Skipped = { readonly skip: string };

/** Reads one format, line by line. */
export interface TraceFormat {
  readonly name: string;
  /** Whether the first line that is not empty can be the start of a file of this format. */
  recognises(line: string): boolean;
  /** A reader for one file. */
  reader(): TraceReader;
}

export interface TraceReader {
  /**
   * What a line says, in several records where it is several commands; undefined for lines without meaning of their own (headers,
   * comments); a string says what is wrong.
   */
  read(line: string): TraceRecord | readonly TraceRecord[] | Skipped | undefined | string;
  /** Whether times were given. */
  readonly timed: boolean;
}

/** More records than this are not read: an access stream of them takes 64 MiB. */
export const MOST_RECORDS = 2 ** 22;

/** Grows columns while records come. */
export class TraceColumns {
  private capacity = 2 ** 12;
  private readonly names = new Map<string, number>();
  private timeNs = new Float64Array(this.capacity);
  private op = new Uint8Array(this.capacity);
  private device = new Uint16Array(this.capacity);
  private offsetBytes = new Float64Array(this.capacity);
  private lengthBytes = new Float64Array(this.capacity);
  private startNs = 0;
  count = 0;

  /** Takes a record; a time before the last one's counts as the last one's. Returns whether it had to. */
  add(record: TraceRecord): boolean {
    if (this.count === this.capacity) this.grow();
    const at = this.count++;
    if (at === 0) this.startNs = record.timeNs;
    const last = at === 0 ? 0 : (this.timeNs[at - 1] as number);
    const timeNs = record.timeNs - this.startNs;
    this.timeNs[at] = Math.max(last, timeNs);
    this.op[at] = TRACE_OPS.indexOf(record.op);
    this.device[at] = this.deviceIndex(record.device);
    this.offsetBytes[at] = record.offsetBytes;
    this.lengthBytes[at] = record.lengthBytes;
    return timeNs < last;
  }

  finish(rest: Pick<Trace, 'source' | 'format' | 'timed' | 'notes'>): Trace {
    const { count } = this;
    return {
      ...rest,
      count,
      timeNs: this.timeNs.slice(0, count),
      op: this.op.slice(0, count),
      device: this.device.slice(0, count),
      offsetBytes: this.offsetBytes.slice(0, count),
      lengthBytes: this.lengthBytes.slice(0, count),
      devices: [...this.names.keys()],
    };
  }

  private deviceIndex(name: string): number {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    this.names.set(name, this.names.size);
    return this.names.size - 1;
  }

  private grow(): void {
    this.capacity *= 2;
    const wider = <T extends Float64Array | Uint8Array | Uint16Array>(column: T): T => {
      const next = new (column.constructor as new (length: number) => T)(this.capacity);
      next.set(column);
      return next;
    };
    this.timeNs = wider(this.timeNs);
    this.op = wider(this.op);
    this.device = wider(this.device);
    this.offsetBytes = wider(this.offsetBytes);
    this.lengthBytes = wider(this.lengthBytes);
  }
}
