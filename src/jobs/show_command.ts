// A resolved job as the words of a fio command line (fio --showcmd): what the lab made of a job file, to read or to give to fio.
import { optionClass } from './fio_options.ts';
import type { Job } from './job.ts';

/** One line for each job. Options that the lab ignores are left out: it does not act on them. */
export function showCommands(jobs: readonly Job[]): string[] {
  return jobs.map((job, index) => {
    const stonewall = index > 0 && (job.options.stonewall ?? '0') !== '0';
    const options = Object.entries(job.options).filter(
      ([name]) => optionClass(name) !== 'ignored' && !LEFT_OUT.has(name),
    );
    const words = options.map(([name, value]) => `--${name}=${quoted(value)}`);
    return ['fio', `--name=${quoted(job.name)}`, ...words, ...(stonewall ? ['--stonewall'] : [])].join(' ');
  });
}

/** Said in another place of the line, or of no meaning on it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['name', 'stonewall', 'description']);

/** For a POSIX shell. */
function quoted(value: string): string {
  return /^[\w./:,%+@=-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
