// What blkparse prints of a blktrace in its usual format (blkparse(1), "%D %2c %8s %5T.%9t %5p %2a %3d "): device, CPU, sequence, seconds,
// process, action, kind (RWBS), then the first 512-byte sector, a plus sign and how many. Kinds (blk_fill_rwbs, kernel/trace/blktrace.c):
// F before the operation is a flush ahead of it (REQ_PREFLUSH), F behind it is Force Unit Access; then A, S, M.
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const SECTOR_BYTES = 512;
const EVENT =
  /^\s*(\d+,\d+)\s+\d+\s+\d+\s+(\d+)\.(\d{1,9})\s+\d+\s+([A-Za-z]{1,2})\s+([A-Z]{1,8})(?:\s+(\d+)\s+\+\s+(\d+))?/;
/** Queued, issued to the driver, completed. */
const IO_ACTIONS = new Set(['Q', 'D', 'C']);
/** A flush ahead, the operation, what else is said of it. */
const KIND = /^(F?)([RWDFN]|Z[A-Z]?)?([A-Z]*)$/;
const NOT_REPLAYED: ReadonlyMap<string, string> = new Map([['N', 'commands without data']]);

const format: TraceFormat = {
  name: 'blkparse text',
  recognises: (line) => EVENT.test(line),
  reader: () => new BlkparseReader(),
};

export const formats: readonly TraceFormat[] = [format];

/** An I/O has several events; as fio does, the reader takes that of its queueing, or another one where a trace has none of those. */
class BlkparseReader implements TraceReader {
  readonly timed = true;
  private action: string | undefined;

  read(line: string): TraceRecord | readonly TraceRecord[] | Skipped | undefined | string {
    // Behind the events there is a summary.
    const [, device = '', seconds = '', fraction = '', action = '', kind = '', first, sectors] = EVENT.exec(line) ?? [];
    if (!IO_ACTIONS.has(action)) return undefined;
    if (this.action === undefined || action === 'Q') this.action = action;
    if (action !== this.action) return undefined;
    const timeNs = Number(seconds) * 1e9 + Number(fraction.padEnd(9, '0'));
    const flush: TraceRecord = { timeNs, op: 'flush', device, offsetBytes: 0, lengthBytes: 0 };
    const [, ahead, operation = 'N', rest = ''] = KIND.exec(kind) ?? [];
    const count = wholeNumber(sectors);
    // blkdev_issue_flush queues an empty write; its request is a flush by name.
    const isFlush = operation === 'F' || (ahead === 'F' && (operation === 'N' || (operation === 'W' && !count)));
    if (isFlush) return flush;
    if (operation === 'D' && rest.includes('E')) return { skip: 'secure erases' };
    if (!/^[RWD]/.test(operation)) return { skip: NOT_REPLAYED.get(operation) ?? 'commands of zones' };
    const firstSector = wholeNumber(first);
    if (firstSector === undefined || count === undefined) return 'expected a sector, + and a number of sectors';
    const offsetBytes = firstSector * SECTOR_BYTES;
    if (!Number.isSafeInteger(offsetBytes)) return 'the sector is larger than any disk';
    const record: TraceRecord = {
      timeNs,
      op: operation === 'W' ? (rest.startsWith('F') ? 'fua' : 'write') : operation === 'D' ? 'trim' : 'read',
      device,
      offsetBytes,
      lengthBytes: count * SECTOR_BYTES,
    };
    // Behind the queueing, the flush ahead has events of its own.
    return ahead === 'F' && action === 'Q' ? [flush, record] : record;
  }
}
