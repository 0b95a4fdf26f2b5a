// What fio calls the files of a job (init.c: make_filename; filesetup.c: add_file): some of its draws are seeded by a file's name, and
// its logs name them.
import type { Job } from './job.ts';

/** The names of one clone's files, in order. */
export function fileNames(job: Pick<Job, 'name' | 'files'>, clone: number): readonly string[] {
  const { names, directories, nameFormat, count } = job.files;
  const directory =
    directories.length === 0 ? '' : `${directories[names === undefined ? clone % directories.length : 0]}/`;
  const bare = names ?? Array.from({ length: count }, (_, index) => formatted(nameFormat, job.name, clone, index));
  return bare.map((name) => directory + name);
}

function formatted(format: string, jobName: string, clone: number, index: number): string {
  const values: Readonly<Record<string, string>> = {
    jobname: jobName,
    jobnum: String(clone),
    filenum: String(index),
    clientuid: '',
  };
  return format.replace(
    /\$(jobname|jobnum|filenum|clientuid)/gi,
    (_, keyword: string) => values[keyword.toLowerCase()] as string,
  );
}

/** Names separated by colons; `\:` is a colon of a name (options.c, get_next_str). */
export function splitNames(text: string): string[] {
  return text
    .split(/(?<!\\):/)
    .map((name) => name.replaceAll('\\:', ':').trim())
    .filter((name) => name !== '');
}
