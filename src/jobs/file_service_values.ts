// file_service_type as fio reads it: who is next, for how many I/Os, or by which distribution.
import { readDistribution } from './distribution_values.ts';
import { requireValue } from './fio_values.ts';
import type { FileServiceRule } from './job.ts';
import { badValue, type Option } from './option.ts';

/** fio's words, and those of random_distribution that mean the same. */
const RANKED: ReadonlyMap<string, string> = new Map([
  ['zipf', 'zipf'],
  ['pareto', 'pareto'],
  ['normal', 'normal'],
  ['gauss', 'normal'],
]);

/** Without the option files take turns, one I/O each. @throws LabError with file:line for what fio would not take */
export function readFileService(option: Option | undefined): FileServiceRule {
  if (option === undefined) return { kind: 'roundrobin', ios: 1 };
  const [word = '', ...rest] = requireValue(option).split(':');
  if (word === 'roundrobin' || word === 'random' || word === 'sequential') {
    const ios = rest.length === 0 ? 1 : Number(rest[0]);
    if (Number.isInteger(ios) && ios > 0) return { kind: word, ios };
    throw badValue(option, `expected a number of I/Os after the colon, for example file_service_type=${word}:8.`);
  }
  const ranked = RANKED.get(word);
  if (ranked === undefined) {
    throw badValue(option, 'expected random, roundrobin, sequential, zipf, pareto or normal, for example random:8.');
  }
  const by = readDistribution({ ...option, value: [ranked, ...rest].join(':') }, 1024);
  return { kind: 'ranked', ios: 1, by: by as Extract<FileServiceRule, { kind: 'ranked' }>['by'] };
}
