import { expect, it } from 'vitest';
import { FIO_DATA, needing } from '../../test/support/needs.ts';
import { compileStream, STREAM_WORDS } from './access_stream.ts';
import { loadJobFile } from './load_job_file.ts';
import { resolveJobs } from './resolve.ts';
import { sampleNames, samplePath } from './sample_job_files.ts';

const ENV = { FIO_RW: 'randread', FIO_BS: '4k', FIO_IODEPTH: '4', FIO_DIR: '/mnt', GPU_DEV_IDS: '0' };
const LIMITS = { maxIodepth: 1024, namespaceBytes: 2 ** 40 };
const RDMA = 'ioengine=rdma moves data over an RDMA link';

/** How many jobs each file runs, or the reason it is refused for. */
const OUTCOMES: Record<string, number | string> = {
  '1mbs_clients.fio': 32,
  'basic-verify.fio': 1,
  'fio-rand-RW.fio': 1,
  'fio-rand-read.fio': 1,
  'fio-seq-read.fio': 1,
  'fio-seq-write.fio': 1,
  'fixed-rate-submission.fio': 1,
  'flow.fio': 2,
  'gpudirect-rdmaio-client.fio': RDMA,
  'iometer-file-access-server.fio': 1,
  'jesd219.fio': 1,
  'latency-profile.fio': 1,
  'libcufile-cufile.fio': 'ioengine=libcufile moves data to GPU memory through cuFile',
  'null.fio': 1,
  'poisson-rate-submission.fio': 1,
  'rdmaio-client.fio': RDMA,
  'rdmaio-server.fio': RDMA,
  'ssd-steadystate.fio': 2,
  'ssd-test.fio': 4,
  'steadystate.fio': 2,
  'surface-scan.fio': 2,
  'tiobench-example.fio': 4,
  'xnvme-compare.fio': 2,
  'zipf.fio': 1,
};

needing(FIO_DATA).describe('sample job files', () => {
  it('are all in the table below', () => {
    expect(sampleNames().sort()).toEqual(Object.keys(OUTCOMES).sort());
  });

  it.each(Object.entries(OUTCOMES))('%s parses, and runs or is refused: %s', (name, outcome) => {
    const file = loadJobFile(samplePath(name), ENV);
    if (typeof outcome === 'string') {
      expect(() => resolveJobs(file, { limits: LIMITS })).toThrow(outcome);
      return;
    }
    const { jobs } = resolveJobs(file, { limits: LIMITS });
    expect(jobs).toHaveLength(outcome);
    const region = { bytes: 2 ** 34, windowBytes: 2 ** 28, slots: { first: 0, stride: 1 } };
    for (const job of jobs) {
      const place = { p2pShare: 50, bar: region, ram: region, ...(job.verify ? { verifyBlocks: 2 ** 18 } : {}) };
      const facts = compileStream(job, job.numjobs - 1, place, new Uint32Array(2048 * STREAM_WORDS));
      expect(facts.ios).toBe(2048);
    }
  });

  it('a variable that is not set is named with its line', () => {
    expect(() => loadJobFile(samplePath('xnvme-compare.fio'), {})).toThrow(
      /xnvme-compare\.fio:70: the variable FIO_RW is not set\. Set it in the environment: FIO_RW=VALUE p2plab run /,
    );
    expect(loadJobFile(samplePath('xnvme-compare.fio'), {}, ['default']).jobs).toHaveLength(1);
  });

  it('jesd219 is read in full', () => {
    const [job] = resolveJobs(loadJobFile(samplePath('jesd219.fio'), {}), { limits: LIMITS, seed: 3 }).jobs;
    expect(job).toMatchObject({ rwmixRead: 40, iodepth: 256, numjobs: 4, norandommap: true, randSeed: 3 });
    expect(job?.blockSizes.read).toHaveLength(12);
    expect(job?.blockSizes.read.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
    expect(job?.distribution).toMatchObject({
      kind: 'zoned',
      zones: { write: [{ extent: 5 }, { extent: 15 }, { extent: 80 }] },
    });
  });
});
