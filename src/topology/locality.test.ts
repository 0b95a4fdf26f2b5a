import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { endpointAt, hostAt, machine, portAt, RR, rules, ZEN } from './fixture.ts';
import { bottleneckOf, linkOf } from './links.ts';
import { localityOf } from './locality.ts';
import { pairReport } from './view/report.ts';
import { PLAIN } from './view/style.ts';

describe('how near two functions are', () => {
  const cascade = machine([
    hostAt('00:00.0'),
    portAt('00:01.0', 'root-port', [1, 8], 0),
    portAt('01:00.0', 'upstream', [2, 8]),
    portAt('02:00.0', 'downstream', [3, 3], RR),
    portAt('02:01.0', 'downstream', [4, 6], 0),
    portAt('04:00.0', 'upstream', [5, 6]),
    portAt('05:00.0', 'downstream', [6, 6], 0),
    portAt('02:02.0', 'downstream', [7, 7], 0),
    portAt('00:02.0', 'root-port', [9, 9], 0),
    endpointAt('03:00.0', { numaNode: 0 }),
    endpointAt('06:00.0', { numaNode: 0 }),
    endpointAt('06:00.1', { numaNode: 0 }),
    endpointAt('07:00.0', { numaNode: 0 }),
    endpointAt('09:00.0', { numaNode: 0 }),
    hostAt('80:00.0'),
    endpointAt('80:01.0', { numaNode: 0, portType: 'rc-endpoint' }),
    endpointAt('80:02.0', { numaNode: 1, portType: 'rc-endpoint' }),
    endpointAt('80:03.0', { portType: 'rc-endpoint' }),
  ]);
  test.each([
    ['06:00.0', '06:00.0', 'X'],
    ['06:00.0', '06:00.1', 'PIX'],
    ['03:00.0', '07:00.0', 'PIX'],
    ['03:00.0', '06:00.0', 'PXB'],
    ['03:00.0', '09:00.0', 'PHB'],
    ['80:01.0', '80:02.0', 'PHB'],
    ['03:00.0', '80:01.0', 'NODE'],
    ['03:00.0', '80:02.0', 'SYS'],
    ['03:00.0', '80:03.0', undefined],
  ])('%s and %s: %s', (a, b, word) => {
    expect(localityOf(cascade, decide(cascade, a, b, rules(ZEN)))).toBe(word);
    expect(localityOf(cascade, decide(cascade, b, a, rules(ZEN)))).toBe(word);
  });
});

test('a bottleneck goes by what links can do, and says which is slower now', () => {
  const fast = linkOf(16, 16);
  const idle = linkOf(2.5, 16);
  const topology = machine([
    hostAt('00:00.0'),
    portAt('00:01.0', 'root-port', [1, 1], 0, { link: idle, linkMax: linkOf(32, 16) }),
    portAt('00:02.0', 'root-port', [2, 2], 0, { link: linkOf(8, 4), linkMax: fast }),
    endpointAt('01:00.0', { link: idle, linkMax: fast }),
    endpointAt('02:00.0', { link: linkOf(8, 4), linkMax: linkOf(8, 4) }),
  ]);
  const narrow = bottleneckOf(topology, decide(topology, '01:00.0', '02:00.0', rules(ZEN)));
  expect(narrow).toMatchObject({ lower: '0000:02:00.0', link: { gtPerS: 8, width: 4 }, now: undefined });
  const self = bottleneckOf(topology, decide(topology, '01:00.0', '00:00.0', rules(ZEN)));
  expect(self).toMatchObject({ link: { gtPerS: 16, width: 16 }, now: { gtPerS: 2.5, width: 16 } });
  const options = { ...rules(ZEN), iommuMode: 'off', quirks: [] } as const;
  const view = { style: PLAIN, width: 160, all: false, pageBytes: 4096 };
  const text = pairReport(topology, '01:00.0', '00:00.0', options, view);
  expect(text).toContain('16 GT/s x16, 31.5 GB/s, now 2.5 GT/s x16: idle or degraded');
  expect(text).toContain('(PHB), the same the other way');
});
