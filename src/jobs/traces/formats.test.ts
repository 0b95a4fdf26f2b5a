import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { loadJobFile } from '../load_job_file.ts';
import { loadTrace, TRACE_FORMATS } from './load_trace.ts';
import { TRACE_OPS } from './trace.ts';

function traceOf(text: string) {
  const path = join(scratchFolder('trace'), 'trace');
  writeFileSync(path, text);
  const { format, count, timeNs, op, offsetBytes, lengthBytes, notes } = loadTrace(path);
  const ios = Array.from({ length: count }, (_, i) => [
    timeNs[i],
    TRACE_OPS[op[i] as number],
    offsetBytes[i],
    lengthBytes[i],
  ]);
  return { format, ios, notes };
}

describe('blkparse text', () => {
  const event = (action: string, kind: string, rest: string, time = '0.000012000') =>
    `  8,0    1        1     ${time}  1234  ${action}   ${kind} ${rest} [fio]`;

  it('gives each I/O once, by the event of its queueing', () => {
    const text = [
      event('Q', 'R', '2048 + 8'),
      event('G', 'R', '2048 + 8'),
      event('D', 'R', '2048 + 8', '0.000013000'),
      event('Q', 'FWS', '4096 + 16', '1.500000000'),
      event('C', 'R', '2048 + 8', '1.600000000'),
      event('P', 'N', ''),
      'CPU0 (sda):',
      ' Reads Queued:           1,        4KiB	 Writes Queued:           1,        8KiB',
      '',
    ].join('\r\n');
    expect(traceOf(text)).toEqual({
      format: 'blkparse text',
      ios: [
        [0, 'read', 2048 * 512, 4096],
        [1.5e9 - 12_000, 'flush', 0, 0],
        [1.5e9 - 12_000, 'write', 4096 * 512, 8192],
      ],
      notes: [],
    });
  });

  it('takes another event where no queueing was traced, and says what it leaves out', () => {
    const text = [event('C', 'WS', '0 + 8'), event('C', 'DE', '8 + 8'), event('C', 'ZR', '0 + 8')].join('\n');
    expect(traceOf(text)).toMatchObject({
      ios: [[0, 'write', 0, 4096]],
      notes: ['1 secure erases left out', '1 commands of zones left out'],
    });
  });

  it.each([
    ['D', '8 + 16', [['trim', 4096, 8192]]],
    ['DS', '8 + 16', [['trim', 4096, 8192]]],
    ['WFS', '8 + 8', [['fua', 4096, 4096]]],
    ['WSM', '8 + 8', [['write', 4096, 4096]]],
    ['RA', '8 + 8', [['read', 4096, 4096]]],
    // blkdev_issue_flush: an empty write, with or without its length.
    ['FWS', '', [['flush', 0, 0]]],
    ['FWS', '0 + 0', [['flush', 0, 0]]],
    [
      'FWFS',
      '8 + 8',
      [
        ['flush', 0, 0],
        ['fua', 4096, 4096],
      ],
    ],
    ['FN', '', [['flush', 0, 0]]],
    ['FF', '', [['flush', 0, 0]]],
  ])('%s %s is %j', (kind, rest, expected) => {
    const text = `${event('Q', 'R', '0 + 1')}\n${event('Q', kind, rest)}\n`;
    expect(
      traceOf(text)
        .ios.slice(1)
        .map(([, ...io]) => io),
    ).toEqual(expected);
  });

  it('has a flush ahead of a request once: it has events of its own', () => {
    const text = [event('D', 'FF', ''), event('D', 'FWFS', '8 + 8')].join('\n');
    expect(traceOf(text).ios.map(([, op]) => op)).toEqual(['flush', 'fua']);
  });
});

describe('other formats', () => {
  it.each([
    [
      'SPC trace',
      '0,20941264,8192,W,0.551706,Alpha/NT\n1,8,512,r,1.011732\n',
      [20941264 * 512, 8192, 'write'],
      [8 * 512, 512, 'read'],
    ],
    [
      'DiskSim ASCII trace',
      '0.000000 0 2048 8 1\n1.250000 0 4096 8 0\n',
      [2048 * 512, 4096, 'read'],
      [4096 * 512, 4096, 'write'],
    ],
    [
      'CloudPhysics CSV',
      'version,time,op,size,lbn\n1,5633898,2a,512,42\n1,5634898,88,4096,7\n',
      [42 * 512, 512, 'write'],
      [7 * 512, 4096, 'read'],
    ],
  ])('%s', (name, text, first, second) => {
    const { format, ios } = traceOf(text);
    expect(format).toBe(name);
    expect(ios.map(([, op, offset, length]) => [offset, length, op])).toEqual([first, second]);
  });

  it('CloudPhysics: SYNCHRONIZE CACHE is a flush, UNMAP has no ranges to trim', () => {
    const { ios, notes } = traceOf('1,1,28,512,1\n1,2,35,0,0\n1,3,91,0,0\n1,4,42,24,0\n');
    expect(ios.map(([, op]) => op)).toEqual(['read', 'flush', 'flush']);
    expect(notes).toEqual(['1 trims, whose ranges are not recorded, left out']);
  });

  it('times are of the unit of each format', () => {
    expect(traceOf('0,1,512,r,1.5\n0,1,512,r,2.25\n').ios[1]?.[0]).toBe(0.75e9);
    expect(traceOf('0.5 0 1 1 1\n1.75 0 1 1 1\n').ios[1]?.[0]).toBe(1.25e6);
    expect(traceOf('1,100,28,512,1\n1,350,28,512,1\n').ios[1]?.[0]).toBe(250_000);
  });

  it('a text that is none of them and no job file is answered with those there are', () => {
    const path = join(scratchFolder('trace'), 'unknown.txt');
    writeFileSync(path, 'lba size\n1 2\n');
    expect(() => loadJobFile(path, {})).toThrow(
      `${path}: no line begins a section such as [job], so this is no fio job file; nor is it a trace in a known format: ${TRACE_FORMATS}.`,
    );
    expect(TRACE_FORMATS.split(', ')).toEqual(
      expect.arrayContaining(['blkparse text', 'SPC trace', 'fio iolog version 3']),
    );
  });
});
