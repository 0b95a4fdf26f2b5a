// What blkparse prints of a blktrace in its usual format (blkparse(1), "%D %2c %8s %5T.%9t %5p %2a %3d "): device, CPU, sequence, seconds,
// process, action, kind (RWBS), then the first 512-byte sector, a plus sign and how many.
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const SECTOR_BYTES = 512;
const EVENT =
  /^\s*(\d+,\d+)\s+\d+\s+\d+\s+(\d+)\.(\d{1,9})\s+\d+\s+([A-Za-z]{1,2})\s+([A-Z]{1,8})(?:\s+(\d+)\s+\+\s+(\d+))?/;
/** Queued, issued to the driver, completed. */
const IO_ACTIONS = new Set(['Q', 'D', 'C']);

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

  read(line: string): TraceRecord | Skipped | undefined | string {
    // Behind the events there is a summary.
    const [, device = '', seconds = '', fraction = '', action = '', kind = '', first, sectors] = EVENT.exec(line) ?? [];
    if (!IO_ACTIONS.has(action)) return undefined;
    if (this.action === undefined || action === 'Q') this.action = action;
    if (action !== this.action) return undefined;
    if (kind.includes('D')) return { skip: 'trims' };
    const isWrite = /^F?W/.test(kind);
    if (!isWrite && !/^F?R/.test(kind)) return { skip: kind.startsWith('F') ? 'flushes' : 'commands without data' };
    const firstSector = wholeNumber(first);
    const count = wholeNumber(sectors);
    if (firstSector === undefined || count === undefined) return 'expected a sector, + and a number of sectors';
    const timeNs = Number(seconds) * 1e9 + Number(fraction.padEnd(9, '0'));
    const offsetBytes = firstSector * SECTOR_BYTES;
    if (!Number.isSafeInteger(offsetBytes)) return 'the sector is larger than any disk';
    return { timeNs, write: isWrite, device, offsetBytes, lengthBytes: count * SECTOR_BYTES };
  }
}
