import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { environmentWarnings, examine, watchEnvironment } from './examine.ts';
import { thisHost } from './host.ts';
import { madeUpHost } from './host_fixture.ts';

const atOnce = async (): Promise<void> => {};

describe('examining', () => {
  test('asks every file of the folder', async () => {
    const findings = await examine(madeUpHost(), 1000, atOnce);
    const files = readdirSync(new URL('./checks/', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));
    expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(files));
  });

  test('waits once, for the interval, between the two readings', async () => {
    const files: Record<string, string> = { '/proc/stat': 'cpu  0 0 0 0 0 0 0 0\n' };
    const waits: number[] = [];
    const findings = await examine(madeUpHost({ files }), 700, async (ms) => {
      waits.push(ms);
      files['/proc/stat'] = 'cpu  50 0 0 0 0 0 0 50\n';
    });
    expect(waits).toEqual([700]);
    expect(findings.find(({ check }) => check === 'steal')?.found).toContain('50.0 %');
  });

  test('puts warnings first, then notes, then what is unknown', async () => {
    const findings = await examine(madeUpHost({ load: 99, availableCpus: 2 }), 1, atOnce);
    const order = ['warning', 'note', 'unknown', 'ok'];
    const ranks = findings.map(({ severity }) => order.indexOf(severity));
    expect(ranks).toEqual([...ranks].sort());
    expect(findings[0]?.check).toBe('load');
  });

  test('finds nothing to warn of on a system that shows no files, and does not call that fine', async () => {
    const findings = await examine(madeUpHost({ platform: 'win32', load: undefined }), 1, atOnce);
    expect(findings.filter(({ severity }) => severity === 'warning')).toEqual([]);
    const unknowns = findings.filter(({ severity }) => severity === 'unknown').map(({ check }) => check);
    expect(unknowns).toEqual(expect.arrayContaining(['governor', 'steal', 'load', 'processes', 'cpu_pressure']));
  });

  test('works on this machine, and says of every warning and note what it does and how to change it', async () => {
    const findings = await examine(thisHost(), 1, atOnce);
    for (const { check, severity, found, effect, change } of findings) {
      expect(found, check).not.toMatch(/undefined|NaN/);
      if (severity === 'ok' || severity === 'unknown') continue;
      expect(effect, check).toBeTruthy();
      expect(change, check).toBeTruthy();
    }
  });
});

describe('warnings for a result', () => {
  test('before a run are those of quick looks, one line each with effect and cure', () => {
    expect(environmentWarnings(madeUpHost({ load: 99 }))).toEqual([
      'other programs were running: load 99.0 on 8 cores in the last minute: they take cores from the agents and lines ' +
        'from the caches; stop them, wait a minute, and run again',
    ]);
  });

  test('hold no notes, nor what is unknown', () => {
    expect(environmentWarnings(madeUpHost({ availableCpus: 2 }))).toEqual([]);
  });

  test('of a run are those of its time', () => {
    const files: Record<string, string> = { '/proc/vmstat': 'pswpin 0\npswpout 0\n' };
    const finish = watchEnvironment(madeUpHost({ files }));
    files['/proc/vmstat'] = 'pswpin 5\npswpout 0\n';
    expect(finish()).toEqual([expect.stringContaining('5 pages went to swap or came back')]);
  });
});
