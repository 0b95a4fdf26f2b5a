// fio's own logs, "fio version 2 iolog" and "fio version 3 iolog" (HOWTO, "Trace file format"; iolog.c).
// 2: `file action [offset length]`, with `wait` lines; 3: microseconds since the log began before each line, no waits.
import { wordTable } from '../../../base/word_table.ts';
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceOp, TraceReader, TraceRecord } from '../trace.ts';

const FILE_ACTIONS = new Set(['add', 'open', 'close', 'unlink']);
/** fsync and fdatasync of a block device are one Flush (blkdev_fsync). */
const OPS = wordTable<TraceOp>({ read: 'read', write: 'write', trim: 'trim', sync: 'flush', datasync: 'flush' });
/** What writes back a file from the page cache sends a block device nothing here, where I/O is direct. */
const OF_PAGE_CACHE = new Set(['sync_file_range', 'syncfs']);

const fioIolog2: TraceFormat = {
  name: 'fio iolog version 2',
  recognises: (line) => /^fio version 2 iolog\s*$/.test(line),
  reader: () => new IologReader(2),
};

const fioIolog3: TraceFormat = {
  name: 'fio iolog version 3',
  recognises: (line) => /^fio version 3 iolog\s*$/.test(line),
  reader: () => new IologReader(3),
};

export const formats: readonly TraceFormat[] = [fioIolog2, fioIolog3];

class IologReader implements TraceReader {
  private readonly version: 2 | 3;
  private timeNs = 0;
  private isFirst = true;
  timed: boolean;

  constructor(version: 2 | 3) {
    this.version = version;
    this.timed = version === 3;
  }

  read(line: string): TraceRecord | Skipped | undefined | string {
    if (this.isFirst) {
      this.isFirst = false;
      return undefined;
    }
    const words = line.trim().split(/\s+/);
    if (this.version === 3) {
      const microseconds = wholeNumber(words.shift());
      if (microseconds === undefined)
        return 'expected microseconds, a file and an action, as in: 1250 /dev/nvme0n1 read 4096 8192';
      this.timeNs = microseconds * 1000;
    }
    const [device, action = '', offset, length] = words;
    if (device === undefined) return 'expected a file and an action';
    if (FILE_ACTIONS.has(action) && offset === undefined) return undefined;
    if (action === 'wait') return this.wait(offset);
    const offsetBytes = wholeNumber(offset);
    const lengthBytes = wholeNumber(length);
    if (offsetBytes === undefined || lengthBytes === undefined) {
      return `expected an action (read, write, trim, sync, datasync) with an offset and a length in bytes, or ${[...FILE_ACTIONS].join(', ')}`;
    }
    if (OF_PAGE_CACHE.has(action)) return { skip: `${action} lines, which direct I/O leaves nothing to do` };
    const op = OPS[action];
    if (op === undefined) return `'${action}' is not an action of fio's logs`;
    // fio writes the place of the last write beside a sync.
    if (op === 'flush') return { timeNs: this.timeNs, op, device, offsetBytes: 0, lengthBytes: 0 };
    return { timeNs: this.timeNs, op, device, offsetBytes, lengthBytes };
  }

  /** HOWTO: microseconds, relative to the last wait. Not in version 3, where fio passes over it with a message. */
  private wait(microseconds: string | undefined): Skipped | undefined | string {
    if (this.version === 3) return { skip: 'wait lines, which version 3 does not have' };
    const value = wholeNumber(microseconds);
    if (value === undefined) return 'expected wait with microseconds';
    this.timeNs += value * 1000;
    this.timed = true;
    return undefined;
  }
}
