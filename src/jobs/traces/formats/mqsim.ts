// MQSim's ASCII traces: arrival time in ns, device number, first sector, sectors of 512 bytes, type (0 write, 1 read).
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const SECTOR_BYTES = 512;
const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([01])\s*$/;

const format: TraceFormat = {
  name: 'MQSim ASCII trace',
  recognises: (line) => LINE.test(line),
  reader: () => new MqsimReader(),
};

export const formats: readonly TraceFormat[] = [format];

class MqsimReader implements TraceReader {
  readonly timed = true;

  read(line: string): TraceRecord | Skipped | undefined | string {
    const [, time, device = '', first, sectors, type] = LINE.exec(line) ?? [];
    const timeNs = wholeNumber(time);
    const offset = wholeNumber(first);
    const length = wholeNumber(sectors);
    if (timeNs === undefined || offset === undefined || length === undefined) {
      return 'expected arrival (ns), device, first sector, sectors and 0 (write) or 1 (read), as in: 938513000 4 264719034 16 0';
    }
    const offsetBytes = offset * SECTOR_BYTES;
    if (!Number.isSafeInteger(offsetBytes)) return 'the first sector is larger than any disk';
    return { timeNs, op: type === '0' ? 'write' : 'read', device, offsetBytes, lengthBytes: length * SECTOR_BYTES };
  }
}
