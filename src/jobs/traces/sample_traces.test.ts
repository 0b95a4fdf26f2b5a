// The traces that lie beside a checkout, where they do.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FIO_DATA, needing, TRACE_DATA } from '../../../test/support/needs.ts';
import { loadTrace } from './load_trace.ts';

const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

needing(FIO_DATA, TRACE_DATA).describe('sample traces', () => {
  it('of MQSim: 3,000 records of 16 devices', () => {
    const trace = loadTrace(`${DATA}traces/tpcc-small.3000.mqsim`);
    expect(trace).toMatchObject({ count: 3000, format: 'MQSim ASCII trace', notes: [] });
    expect(trace.devices).toHaveLength(16);
  });

  it('of fio: writes between trims', () => {
    const trace = loadTrace(`${DATA}fio/t0038.v3.iolog`);
    expect(trace).toMatchObject({
      count: 30,
      notes: ['10 trims of more than 1 GiB in pieces of that size'],
    });
    expect(trace.timeNs[2]).toBe(16_000);
  });
});
