// A new part of each kind: which files it takes, and that it appears wherever parts of its kind do. All of them are added to one copy of
// the project; templates.long.test.ts builds it, checks its types and runs it.
import { beforeAll, describe, expect, it } from 'vitest';
import { addTemplate, askCopy, KINDS, projectCopy, testCopy } from './added.ts';

/** All that a part of this kind touches. Longer lists are a seam in the wrong place. */
const TOUCHED: Readonly<Record<string, readonly string[]>> = {
  chart: ['src/report/charts/dummy.ts'],
  counter: ['src/catalogue/counters.ts', 'src/machine/block/submit.ts', 'src/machine/layout/counters.ts'],
  flow: ['src/machine/flows/plain.ts', 'src/plan/flows/plain.ts'],
  importer: ['src/topology/importers/dummy.ts'],
  option: ['src/catalogue/options/catalogue.ts', 'src/catalogue/options/dummy.ts', 'src/options/point_options.test.ts'],
  scheme: ['src/machine/schemes/dummy.ts', 'test/schemes/dummy.ts'],
  trace_format: ['src/jobs/traces/formats/dummy.ts'],
};

let copy: string;
const touched: Record<string, string[]> = {};

beforeAll(() => {
  copy = projectCopy();
  for (const kind of KINDS) touched[kind] = addTemplate(kind, copy);
});

/** Where each of them must be found, but for what takes a build. */
const FOUND = `
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { readFlows } from './src/compile/flow_table.ts';
import { planTargets, readSchemes } from './src/compile/targets.ts';
import { counterFault } from './src/gate/counter.ts';
import { loadTrace, TRACE_FORMATS } from './src/jobs/traces/load_trace.ts';
import { readOptions } from './src/options/options_object.ts';
import { resolveRun } from './src/options/resolve_run.ts';
import { addRunOptions } from './src/options/run_options.ts';
import { groupParams } from './src/plan/group_params.ts';
import { planGroups } from './src/plan/run_plan.ts';
import { loadCharts } from './src/report/drawing/charts.ts';
import { countColumns } from './src/report/words/counts.ts';
import { describeParams } from './src/report/words/params.ts';
import { pointHash } from './src/sweep/identity.ts';
import { importers, loadTopology } from './src/topology/load.ts';
import { EXPECTED } from './test/support/expected.ts';

async function cellWith(options) {
  const read = readOptions(options, 'ask');
  const { params } = await resolveRun(read.jobFile, read.options, { isPoint: true });
  const [group] = planGroups(params);
  const stated = groupParams(group, params);
  return { hash: pointHash(params, { repeat: 1, code: 'x' }), stated: stated.dummyShare, heading: describeParams(stated) };
}

writeFileSync('dummy.trace', 'dummy r 0 4096\\ndummy w 8192 512\\n');
writeFileSync('dummy.txt', 'dummy topology one-switch\\n');
const [usual, other] = [await cellWith({}), await cellWith({ 'dummy-share': 8 })];
const schemes = readSchemes('.');
console.log(JSON.stringify({
  help: addRunOptions(new Command()).helpInformation().includes('--dummy-share <percent>'),
  stated: [usual.stated, other.stated],
  headings: [usual, other].map(({ heading }) => heading.includes('dummyShare 8')),
  sameHash: usual.hash === other.hash,
  counter: [counterFault('perIo.dummyEvents') ?? 'known', countColumns([{ perIo: { dummyEvents: 1 } }]).some(({ title }) => title === 'dummy events')],
  trace: [TRACE_FORMATS.split(', ').includes('dummy trace'), loadTrace('dummy.trace').count],
  charts: (await loadCharts()).some(({ name }) => name === 'dummy'),
  importer: [(await importers()).some(({ name }) => name === 'dummy topology'), (await loadTopology('dummy.txt')).format],
  scheme: [schemes.find(({ name }) => name === 'dummy')?.carries, 'dummy' in EXPECTED],
  modules: planTargets('.', schemes, 64).filter(({ name }) => name.startsWith('host.dummy')).map(({ name }) => name).sort(),
  flow: readFlows('src/machine/flows').find(({ name }) => name === 'plain')?.summary,
}));
`;

describe('a new part of each kind', () => {
  it('touches these files and no other', () => {
    expect(touched).toEqual(TOUCHED);
  });

  it('appears wherever parts of its kind do', () => {
    expect(askCopy(copy, FOUND)).toEqual({
      help: true,
      stated: [7, 8],
      headings: [false, true],
      sameHash: false,
      counter: ['known', true],
      trace: [true, 2],
      charts: true,
      importer: [true, 'dummy topology'],
      scheme: [['pool', 'fixed'], true],
      modules: ['host.dummy', 'host.dummy.counting'],
      flow: 'each read and write of a drive by itself, and nothing else',
    });
  });

  it('keeps the rules of the house', () => {
    const { code, report } = testCopy(copy, ['test/tidy.test.ts']);
    expect(code, report).toBe(0);
  });
});
