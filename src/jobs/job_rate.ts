// fio's rate options: how fast a job's I/Os are to arrive, whatever the device does (open loop).
import { readBytes, readInteger, splitDirections, splitForTrims } from './fio_values.ts';
import type { Job, Rate, RateOfDirection } from './job.ts';
import type { JobContext } from './job_context.ts';
import { asWritten, badValue, type Option } from './option.ts';

/**
 * The rate of a job, or undefined when it runs as fast as completions allow.
 * @throws LabError for what fio would not take, and for a mixed job of which only one direction has a rate
 */
export function readRate(context: JobContext, rw: Job['rw']): Rate | undefined {
  const { options } = context;
  const process = readProcess(options.get('rate_process'));
  checkSubmitMode(options.get('io_submit_mode'));
  const byIops = options.get('rate_iops');
  const byBytes = options.get('rate');
  const iops = byIops && numbers(byIops, rw, (part) => wholeNumber(context, byIops, part));
  const bytes = byBytes && numbers(byBytes, rw, (part) => readBytes(byBytes, part, context.kbBase));
  const of = (direction: 'read' | 'write', used: boolean): RateOfDirection | undefined => {
    const [perSecond, bytesPerSecond] = [iops?.[direction] ?? 0, bytes?.[direction] ?? 0];
    if (perSecond > 0 && bytesPerSecond > 0) {
      throw badValue(
        byIops as Option,
        `${asWritten(byBytes as Option)} sets the ${direction} rate already; give one of them.`,
      );
    }
    if (!used || perSecond + bytesPerSecond === 0) return undefined;
    return perSecond > 0 ? { iops: perSecond } : { bytesPerSecond };
  };
  const [read, write] = [of('read', rw.reads), of('write', rw.writes)];
  if (read === undefined && write === undefined) return undefined;
  if ((rw.reads && read === undefined) || (rw.writes && write === undefined)) {
    const option = (byIops ?? byBytes) as Option;
    throw badValue(
      option,
      'a mixed job has a rate for reads and writes or for neither, for example rate_iops=1000,500; or put them into two jobs.',
    );
  }
  for (const name of ['rate_min', 'rate_iops_min']) {
    const option = options.get(name);
    if (option === undefined) continue;
    context.warn(
      `${asWritten(option)}: fio ends a job that falls below it; the lab goes on and says whether the rate was kept`,
    );
  }
  return { process, ...(read && { read }), ...(write && { write }) };
}

function readProcess(option: Option | undefined): Rate['process'] {
  const text = option?.value ?? 'linear';
  if (text === 'linear' || text === 'poisson') return text;
  throw badValue(option as Option, 'expected linear or poisson.');
}

/** Both are what the lab does: its submitter never waits for a completion to note when an I/O was due. */
function checkSubmitMode(option: Option | undefined): void {
  if (option === undefined || option.value === 'inline' || option.value === 'offload') return;
  throw badValue(option, 'expected inline or offload.');
}

function numbers(option: Option, rw: Job['rw'], read: (part: string) => number): { read: number; write: number } {
  const parts = rw.trims === undefined ? splitDirections(option) : splitForTrims(option);
  const value = (part: string | undefined): number => (part === undefined ? 0 : read(part));
  return { read: value(parts.read), write: value(parts.write) };
}

function wholeNumber(context: JobContext, option: Option, part: string): number {
  return readInteger({ ...option, value: part }, context.kbBase, 0);
}
