import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import type { ReplicateTask } from '../measure/measurement.ts';
import { freshProcess } from './replicate_process.ts';

const task = { name: 'process 2 of 3', groups: [], process: 1, paddingBytes: 1234 } as unknown as ReplicateTask;
const dir = scratchFolder('replicate');

interface Run {
  silentMostMs?: number;
  startingMostMs?: number;
  endingMostMs?: number;
  /** Called with what interrupts the process, and for each share that it tells. */
  onProgress?: (interrupt: () => void, share: number) => void;
}

let entries = 0;

/** A process with these lines in place of a replicate. */
function run(lines: string, { silentMostMs = 10_000, startingMostMs = 60_000, endingMostMs, onProgress }: Run = {}) {
  const file = join(dir, `entry${entries++}.mjs`);
  writeFileSync(file, lines);
  const interruption = new AbortController();
  const progress = (share: number): void => onProgress?.(() => interruption.abort(), share);
  const limits = { silentMostMs, startingMostMs, ...(endingMostMs === undefined ? {} : { endingMostMs }) };
  const runner = freshProcess({ ...limits, entry: pathToFileURL(file) });
  return runner.run(task, { signal: interruption.signal, events: { progress }, policy: { cores: 2 } });
}

const RECORD = `{ plan: { id: 'g0' }, arms: [{ arm: { id: 'a' }, samples: [], latency: [] }], rounds: [] }`;
const ROUND = `{ group: 'g0', arms: [{ arm: { id: 'a' }, samples: [{ round: 3 }], latency: [] }], rounds: [{ round: 3 }] }`;
const PROGRESS = `{ kind: 'progress', share: 0.5, what: 'half' }`;

describe('the process of a replicate', () => {
  it('that dies is named with what it wrote, and its whole rounds stay', async () => {
    const ended = await run(`
      process.on('message', () => {
        process.send({ kind: 'record', record: ${RECORD} });
        process.send({ kind: 'rounds', news: ${ROUND} }, () => {
          console.error('out of luck');
          process.exit(7);
        });
      });
    `);
    expect(ended.failure?.exitCode).toBe(4);
    expect(ended.failure?.message).toMatch(/process 2 of 3 ended with exit code 7 .*out of luck/s);
    expect(ended.records[0]?.arms[0]?.samples).toEqual([{ round: 3 }]);
    expect(ended.records[0]?.rounds).toEqual([{ round: 3 }]);
  });

  it('that is ended by a signal is named with it', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      const ended = await run(`process.on('message', () => process.kill(process.pid, '${signal}'));`);
      expect(ended.failure?.message).toContain(`process 2 of 3 was ended by ${signal}`);
    }
  });

  it('that says nothing for too long is ended', async () => {
    const lines = `process.on('message', () => process.send(${PROGRESS}, () => { for (;;); }));`;
    const ended = await run(lines, { silentMostMs: 300 });
    expect(ended.failure?.message).toMatch(/process 2 of 3 has said nothing for 0\.3 s/);
    expect(ended.failure?.exitCode).toBe(4);
  });

  it('that never says its first word is ended, with what may have kept it from starting', async () => {
    const ended = await run(`for (;;);`, { startingMostMs: 300 });
    expect(ended.failure?.message).toMatch(/process 2 of 3 did not start within 0\.3 s and was ended\. See ulimit/);
    expect(ended.failure?.exitCode).toBe(4);
  });

  it('hands on what failed inside it, with its exit code', async () => {
    const ended = await run(`
      process.on('message', () => {
        process.send({ kind: 'failed', message: 'too little memory', exitCode: 2 }, () => process.disconnect());
      });
    `);
    expect(ended.failure).toMatchObject({ message: 'too little memory', exitCode: 2 });
  });

  it('that a signal to the whole group has ended has not failed, whichever of both came first', async () => {
    const dies = `process.on('message', () => process.send(${PROGRESS}, () => process.kill(process.pid, 'SIGTERM')));`;
    expect((await run(dies, { onProgress: (interrupt) => interrupt() })).failure).toBeUndefined();
    // The lab hears of its own signal a moment after the process has gone: when its channel is closed.
    const ending = run(dies, { onProgress: (interrupt) => setTimeout(interrupt, 100) });
    expect((await ending).failure).toBeUndefined();
  });

  it('that was asked to end and goes on is ended; what it sent before stays', async () => {
    const ended = await run(
      `
      process.on('message', (message) => {
        if (message.kind === 'start') process.send({ kind: 'record', record: ${RECORD} });
        if (message.kind === 'start') process.send(${PROGRESS}, () => { for (;;); });
      });
    `,
      { endingMostMs: 100, onProgress: (interrupt) => interrupt() },
    );
    expect(ended.failure).toBeUndefined();
    expect(ended.records).toHaveLength(1);
  });

  it('has an environment padded as its task says', async () => {
    const ended = await run(`
      process.on('message', () => {
        console.error('padding ' + process.env.P2PLAB_PADDING.length);
        process.exit(1);
      });
    `);
    expect(ended.paddingBytes).toBe(task.paddingBytes);
    expect(ended.failure?.message).toContain(`padding ${ended.paddingBytes}`);
  });
});
