import { describe, expect, test } from 'vitest';
import { configAcs } from './acs_fix.ts';
import { decide } from './decide.ts';
import { fix } from './explain.ts';
import { CR, EC, endpointAt, hostAt, INTEL, machine, portAt, RR, rules, switchMachine } from './fixture.ts';
import type { Topology } from './model.ts';

function fixOf(topology: Topology, a: string, b: string): string {
  return fix(topology, decide(topology, a, b, rules(INTEL)), rules(INTEL)) ?? '';
}

describe('one setting is given', () => {
  test('for all redirecting ports of a switch, whichever pair asks', () => {
    const topology = machine(switchMachine(4, { down: [RR, RR, 0, RR] }));
    for (const [a, b] of [
      ['03:00.0', '04:00.0'],
      ['04:00.0', '06:00.0'],
      ['05:00.0', '03:00.0'],
    ] as const) {
      const text = fixOf(topology, a, b);
      expect(text).toContain('"pci=disable_acs_redir=0000:02:00.0;0000:02:01.0;0000:02:03.0"');
      expect(text).toContain('one setting for all ports of the switch');
    }
  });

  test('for the root ports that stand between functions of one device, and not for those above a single function', () => {
    const topology = machine([
      hostAt('00:00.0'),
      ...[1, 2, 3].map((n) => portAt(`00:0${n}.0`, 'root-port', [n, n], RR | CR)),
      ...['01:00.0', '01:00.1', '02:00.0', '02:00.1', '03:00.0'].map((id) => endpointAt(id)),
    ]);
    const [first, second] = [fixOf(topology, '01:00.0', '01:00.1'), fixOf(topology, '02:00.0', '02:00.1')];
    expect(first).toBe(second);
    expect(first).toContain('"pci=disable_acs_redir=0000:00:01.0;0000:00:02.0"');
    expect(first).toContain('one setting for the root ports beside it');
    expect(first).not.toContain('0000:00:03.0');
  });

  test('for all functions of a device whose own ACS redirects', () => {
    const functions = [0, 1, 2].map((n) => endpointAt(`01:00.${n}`, { acs: RR }));
    const topology = machine([hostAt('00:00.0'), portAt('00:01.0', 'root-port', [1, 1], 0), ...functions]);
    expect(fixOf(topology, '01:00.0', '01:00.1')).toContain(
      '"pci=disable_acs_redir=0000:01:00.0;0000:01:00.1;0000:01:00.2"',
    );
  });
});

describe('config_acs', () => {
  test('has a digit for each control bit, DirectTrans first: the redirects are 0, the rest stays', () => {
    expect(configAcs(['0000:02:00.0'])).toBe('pci=config_acs=x0x00xx@0000:02:00.0');
    const bits = [...'x0x00xx'].toReversed().flatMap((digit, bit) => (digit === '0' ? [1 << bit] : []));
    expect(bits.reduce((sum, bit) => sum + bit)).toBe(RR | CR | EC);
  });

  test('is spelled out for a few ports and a rule for many', () => {
    const few = fixOf(machine(switchMachine(2, { down: [RR, RR] })), '03:00.0', '04:00.0');
    expect(few).toContain('from Linux 6.11 on with "pci=config_acs=x0x00xx@0000:02:00.0;x0x00xx@0000:02:01.0"');
    const many = fixOf(machine(switchMachine(6, { down: [RR, RR, RR, RR, RR, RR] })), '03:00.0', '04:00.0');
    expect(many).toContain(
      'x0x00xx@ before each port ("pci=config_acs=x0x00xx@0000:02:00.0;x0x00xx@0000:02:01.0;...")',
    );
  });

  test('quoting is explained where there is a semicolon, and only there', () => {
    const one = fixOf(machine(switchMachine(2, { down: [RR, 0] })), '03:00.0', '04:00.0');
    expect(one).not.toContain('GRUB');
    const two = fixOf(machine(switchMachine(2, { down: [RR, RR] })), '03:00.0', '04:00.0');
    expect(two).toContain(`GRUB_CMDLINE_LINUX='"pci=..."'`);
  });
});
