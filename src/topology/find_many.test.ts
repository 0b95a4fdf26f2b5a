import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { distanceMany, findMany, mapTypeCache, mapTypesIndex } from './find_many.ts';
import { endpointAt, INTEL, machine, portAt, RR, rules, switchMachine, ZEN } from './fixture.ts';
import type { Topology } from './model.ts';

const machineOfTwoKinds = machine([
  ...switchMachine(3),
  portAt('00:02.0', 'root-port', [9, 9], 0),
  endpointAt('09:00.0'),
]);

test('the distance to several clients is the sum, -1 when one cannot be reached', () => {
  expect(distanceMany(machineOfTwoKinds, '03:00.0', ['03:00.0', '04:00.0', '05:00.0'], rules(INTEL))).toBe(8);
  expect(distanceMany(machineOfTwoKinds, '03:00.0', ['04:00.0', '09:00.0'], rules(INTEL))).toBe(-1);
  expect(distanceMany(machineOfTwoKinds, '03:00.0', ['04:00.0', '09:00.0'], rules(ZEN))).toBe(10);
  expect(distanceMany(machineOfTwoKinds, '03:00.0', [], rules(ZEN))).toBe(-1);
});

test('a client that is no PCI device cannot be reached', () => {
  expect(distanceMany(machineOfTwoKinds, '03:00.0', ['platform-nic'], rules(ZEN))).toBe(-1);
});

test('what is not known makes the sum unknown, not small', () => {
  const unsure = machine(switchMachine(2, { down: ['unknown', 0] }));
  expect(distanceMany(unsure, '03:00.0', ['04:00.0'], rules(ZEN))).toBeNull();
  expect(findMany(unsure, ['03:00.0'], ['04:00.0'], rules(ZEN), seededRandom(1)).taken).toBeUndefined();
});

test('the nearest provider is taken, itself before any other', () => {
  const found = findMany(machineOfTwoKinds, ['04:00.0', '03:00.0'], ['03:00.0'], rules(ZEN), seededRandom(1));
  expect(found).toEqual({ nearest: ['03:00.0'], taken: '03:00.0', distance: 0 });
});

test('among equals each is taken about as often: a switch is not preferred to the host bridge', () => {
  const flat = machine([
    portAt('00:01.0', 'root-port', [1, 1], 0),
    portAt('00:02.0', 'root-port', [2, 2], 0),
    portAt('00:03.0', 'root-port', [3, 3], 0),
    endpointAt('01:00.0'),
    endpointAt('02:00.0'),
    endpointAt('03:00.0'),
  ]);
  const random = seededRandom(7);
  const takes = Array.from(
    { length: 400 },
    () => findMany(flat, ['01:00.0', '02:00.0'], ['03:00.0'], rules(ZEN), random).taken,
  );
  expect(takes.filter((taken) => taken === '01:00.0').length).toBeGreaterThan(140);
  expect(takes.filter((taken) => taken === '02:00.0').length).toBeGreaterThan(140);
});

test('no provider that reaches every client: none is taken', () => {
  expect(findMany(machineOfTwoKinds, ['03:00.0'], ['09:00.0'], rules(INTEL), seededRandom(1))).toMatchObject({
    nearest: [],
    taken: undefined,
  });
});

test('a map type once looked up stays, whatever ACS does afterwards', () => {
  let current: Topology = machine(switchMachine(2));
  const lookup = mapTypeCache(() => current, rules(ZEN));
  expect(lookup('0000:03:00.0', '0000:04:00.0')).toBe('BUS_ADDR');
  current = machine(switchMachine(2, { down: [RR, RR] }));
  expect(lookup('0000:03:00.0', '0000:04:00.0')).toBe('BUS_ADDR');
  expect(lookup('0000:04:00.0', '0000:03:00.0')).toBe('THRU_HOST_BRIDGE');
});

test('the cache key is domain, bus and devfn of the client', () => {
  expect(mapTypesIndex('0001:81:02.3')).toBe(0x18113);
});
