import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { loadTrace, recogniseTrace } from './load_trace.ts';
import { TRACE_OPS, type Trace } from './trace.ts';

let folder = '';
beforeAll(() => {
  folder = scratchFolder('trace');
});

function file(content: string | Buffer, name = 'trace'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const rows = (trace: Trace) =>
  Array.from({ length: trace.count }, (_, i) => [
    trace.timeNs[i],
    TRACE_OPS[trace.op[i] as number],
    trace.devices[trace.device[i] as number],
    trace.offsetBytes[i],
    trace.lengthBytes[i],
  ]);

describe('fio iologs', () => {
  it('of version 3 have microseconds, trims and flushes', () => {
    const trace = loadTrace(
      file(
        'fio version 3 iolog\n5 /dev/sda add\n6 /dev/sda open\n100 /dev/sda read 4096 8192\n' +
          '100 /dev/sda trim 0 4096\n350 /dev/sda write 0 512\n351 /dev/sda sync 512 0\n352 /dev/sda datasync 512 0\n' +
          '353 /dev/sda sync_file_range 0 0\n400 /dev/sda close\n',
      ),
    );
    expect(rows(trace)).toEqual([
      [0, 'read', '/dev/sda', 4096, 8192],
      [0, 'trim', '/dev/sda', 0, 4096],
      [250_000, 'write', '/dev/sda', 0, 512],
      [251_000, 'flush', '/dev/sda', 0, 0],
      [252_000, 'flush', '/dev/sda', 0, 0],
    ]);
    const notes = ['1 sync_file_range lines, which direct I/O leaves nothing to do left out'];
    expect(trace).toMatchObject({ timed: true, notes });
  });

  it('have trims of any length, in pieces, and what replay_skip names is left out', () => {
    const text = 'fio version 2 iolog\nf read 0 512\nf trim 4096 2147487744\nf sync 0 0\nf datasync 0 0\n';
    expect(
      rows(loadTrace(file(text)))
        .slice(1, 4)
        .map((row) => row.slice(3)),
    ).toEqual([
      [4096, 2 ** 30],
      [4096 + 2 ** 30, 2 ** 30],
      [4096 + 2 ** 31, 4096],
    ]);
    expect(loadTrace(file(text), new Set(['trim', 'sync'] as const))).toMatchObject({
      count: 1,
      notes: ['1 trims left out (replay_skip)', '2 flushes left out (replay_skip)'],
    });
    expect(() => loadTrace(file(text), new Set(['read', 'trim'] as const))).toThrow(/has no reads, writes or trims/);
  });

  it('of version 2 have waits, or no times at all', () => {
    const head = 'fio version 2 iolog\r\nf add\r\nf open\r\nf read 0 4096\r\n';
    expect(loadTrace(file(`${head}f write 4096 4096\r\nf close`)).timed).toBe(false);
    const waiting = loadTrace(file(`${head}f wait 20\r\nf write 4096 4096\r\n`));
    expect(waiting.timed).toBe(true);
    expect(rows(waiting).map(([time]) => time)).toEqual([0, 20_000]);
  });

  it.each([
    ['fio version 3 iolog\n1 f read 0\n', /trace:2: '1 f read 0': expected an action/],
    ['fio version 3 iolog\nf read 0 512\n', /:2: .*expected microseconds/],
    ['fio version 2 iolog\nf erase 0 512\n', /'erase' is not an action/],
    ['fio version 2 iolog\nf open\n', /has no reads, writes or trims/],
    ['fio version 2 iolog\nf read -1 512\n', /expected an action/],
  ])('refuse %j', (text, message) => {
    expect(() => loadTrace(file(text))).toThrow(message);
  });
});

describe('MSR Cambridge traces', () => {
  const line = (ticks: string, disk: number, type: string, offset: number) =>
    `${ticks},usr,${disk},${type},${offset},4096,1331\n`;

  it('count in 100 ns since the first record, name host and disk, and may have a header', () => {
    const trace = loadTrace(
      file(
        `Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime\n` +
          line('128166372003061629', 0, 'Read', 7014609920) +
          line('128166372003061729', 1, 'write', 512),
      ),
    );
    expect(rows(trace)).toEqual([
      [0, 'read', 'usr_0', 7014609920, 4096],
      [10_000, 'write', 'usr_1', 512, 4096],
    ]);
  });

  it('may be packed, and records out of order keep their place at the time before them', () => {
    const text =
      line('128166372003061629', 0, 'Read', 0) +
      line('128166372003061829', 0, 'Read', 512) +
      line('128166372003061729', 0, 'Read', 1024);
    const trace = loadTrace(file(gzipSync(text), 'trace.csv.gz'));
    expect(rows(trace).map(([time]) => time)).toEqual([0, 20_000, 20_000]);
    expect(trace.notes).toEqual(["1 records with a time before the one above them: taken at that one's time"]);
  });

  it('are refused by line where they are not what they began as', () => {
    const good = line('128166372003061629', 0, 'Read', 0);
    expect(() => loadTrace(file(`${good}128166372003061629,usr,0,Erase,0,512,1\n`))).toThrow(
      /:2: .*'Erase' is neither/,
    );
    expect(() => loadTrace(file(`${good}half a li`))).toThrow(/:2: 'half a li': expected Timestamp,/);
  });
});

describe('MQSim traces', () => {
  it('have nanoseconds, sectors and 0 for writes', () => {
    expect(rows(loadTrace(file('938513000 4 264719034 16 0\n938828000 3 10 8 1\n')))).toEqual([
      [0, 'write', '4', 264719034 * 512, 8192],
      [315_000, 'read', '3', 5120, 4096],
    ]);
  });

  it('leave out directions and empty I/Os, counted', () => {
    const trace = loadTrace(file('1 0 0 8 1\n2 0 8 8 0\n3 0 16 0 1\n'), new Set(['write'] as const));
    expect(trace.count).toBe(1);
    expect(trace.notes).toEqual(['1 writes left out (replay_skip)', '1 I/Os of no length left out']);
  });
});

describe('other files', () => {
  it('are not traces', () => {
    expect(recogniseTrace(file('[global]\nrw=read\n'))).toBeUndefined();
    expect(recogniseTrace(file(''))).toBeUndefined();
    expect(() => loadTrace(file('hello\n'))).toThrow(/not a trace in a known format. Known are .*fio iolog version 2/);
    expect(() => loadTrace(join(folder, 'missing'))).toThrow(/cannot read this file/);
    expect(() => loadTrace(folder)).toThrow(/cannot read this file/);
    expect(() => loadTrace(file(Buffer.from([0x65, 0x00, 0x01])))).toThrow(/binary data.*blktrace/);
    expect(() => loadTrace(file(Buffer.from([0x1f, 0x8b, 1, 2])))).toThrow(/cannot be unpacked/);
    expect(() => loadTrace(file(`1 0 0 8 1\n${'x'.repeat(3_000_000)}`))).toThrow(/a line of more than 64 KiB/);
  });
});
