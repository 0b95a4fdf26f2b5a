// The lab's stream of a job beside the iolog that fio wrote of it: the same I/Os in the same order.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { iologLines } from '../../src/jobs/iolog.ts';
import type { Job } from '../../src/jobs/job.ts';

/** @param path fio's iolog of version 3 */
export function expectSameIos(job: Job, path: string): void {
  const log = iosOf(readFileSync(path, 'utf8').split('\n'));
  const own = iosOf([...iologLines(job, 0, { version: 3, mostIos: log.length + 1 })]);
  expect(log.length).toBeGreaterThan(0);
  expect(own).toEqual(log);
}

/** Reads, writes and trims, without their times. */
function iosOf(lines: readonly string[]): string[] {
  return lines.filter((line) => / (read|write|trim) \d+ \d+$/.test(line)).map((line) => line.replace(/^\d+ /, ''));
}
