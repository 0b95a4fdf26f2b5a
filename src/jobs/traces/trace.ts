// A recorded workload, whatever it was recorded by: reads and writes with their times, one column for each field.

/** What was recorded of one I/O. */
export interface TraceRecord {
  /** Of the trace's own clock. */
  readonly timeNs: number;
  readonly write: boolean;
  /** The disk or file as the trace names it. */
  readonly device: string;
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
  readonly write: Uint8Array;
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

/** Directions that are left out (fio's replay_skip). */
export interface TraceFilter {
  readonly reads: boolean;
  readonly writes: boolean;
}

/** One line of a trace that is no read or write. */
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
  /** What a line says; undefined for lines without meaning of their own (headers, comments); a string says what is wrong. */
  read(line: string): TraceRecord | Skipped | undefined | string;
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
  private write = new Uint8Array(this.capacity);
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
    this.write[at] = record.write ? 1 : 0;
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
      write: this.write.slice(0, count),
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
    this.write = wider(this.write);
    this.device = wider(this.device);
    this.offsetBytes = wider(this.offsetBytes);
    this.lengthBytes = wider(this.lengthBytes);
  }
}
