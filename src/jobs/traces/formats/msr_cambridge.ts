// The MSR Cambridge block traces (SNIA IOTTA 388): Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime, where
// times are Windows file times, 100 ns since 1601, and offset and size are bytes.
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const LINE = /^\s*(\d+)\s*,([^,]*),\s*(\d+)\s*,\s*(\w+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,.*)?$/;
const HEADER = /^\s*timestamp\s*,\s*host/i;

const format: TraceFormat = {
  name: 'MSR Cambridge CSV',
  recognises: (line) => HEADER.test(line) || LINE.test(line),
  reader: () => new MsrReader(),
};

export const formats: readonly TraceFormat[] = [format];

class MsrReader implements TraceReader {
  readonly timed = true;
  private firstTicks: bigint | undefined;

  read(line: string): TraceRecord | Skipped | undefined | string {
    const match = LINE.exec(line);
    if (match === null) {
      return HEADER.test(line)
        ? undefined
        : 'expected Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime, as in: 128166372003061629,usr,0,Read,7014609920,24576,41286';
    }
    const [, ticks = '', host = '', disk = '', type = '', offset, size] = match;
    const offsetBytes = wholeNumber(offset);
    const lengthBytes = wholeNumber(size);
    if (offsetBytes === undefined || lengthBytes === undefined) return 'offset or size is larger than any disk';
    const kind = type.toLowerCase();
    if (kind !== 'read' && kind !== 'write') return `the type '${type}' is neither Read nor Write`;
    this.firstTicks ??= BigInt(ticks);
    const timeNs = Number(BigInt(ticks) - this.firstTicks) * 100;
    return {
      timeNs,
      op: kind === 'write' ? 'write' : 'read',
      device: `${host.trim()}_${disk}`,
      offsetBytes,
      lengthBytes,
    };
  }
}
