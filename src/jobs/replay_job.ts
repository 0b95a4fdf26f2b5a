// A trace given in place of a job file: the job that replays it.
import { basename } from 'node:path';
import { canonicalName } from './fio_options.ts';
import type { JobFile } from './job_file.ts';
import type { Option } from './option.ts';

/** The records as fast as the device takes them; --set changes any of it. */
const OPTIONS: readonly (readonly [string, string])[] = [
  ['iodepth', '64'],
  ['iodepth_batch', '16'],
  ['replay_no_stall', '1'],
];

/** One job named after the file. */
export function replayJobFile(path: string): JobFile {
  const at = { file: path, line: 0 };
  const option = (name: string, value: string): Option => ({
    name: canonicalName(name) as string,
    word: name,
    value,
    at,
    layer: 0,
  });
  const options = OPTIONS.map(([name, value]) => option(name, value));
  options.push(option('read_iolog', path.replaceAll(':', '\\:')));
  return { file: path, jobs: [{ name: basename(path), at, options }] };
}
