// Reads a job file and what it includes from disk: the edge of src/jobs.
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { MIB } from '../base/units.ts';
import { type JobFile, parseJobFile } from './job_file.ts';
import { TRACE_FORMATS } from './traces/load_trace.ts';

/**
 * @param path the job file; an include is looked for in the working directory first, then beside the including file
 * @param env the variables `${NAME}` may use
 * @param sections read only the jobs of these names; all when undefined
 * @throws LabError when the file cannot be read, and as parseJobFile
 */
export function loadJobFile(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  sections?: readonly string[],
): JobFile {
  const text = readText(path);
  if (text === undefined) throw new LabError(`${path}: cannot read this job file. Check the path and its permissions.`);
  if (!/^\s*\[/m.test(text)) {
    throw new LabError(
      `${path}: no line begins a section such as [job], so this is no fio job file; nor is it a trace in a known format: ${TRACE_FORMATS}.`,
    );
  }
  return parseJobFile(text, path, {
    env,
    keywords: { pagesize: 4096, ncpus: availableParallelism(), mb_memory: Math.floor(totalmem() / MIB) },
    include: (included, from) => {
      for (const file of [included, join(dirname(from), included)]) {
        const found = readText(file);
        if (found !== undefined) return { file, text: found };
      }
      return undefined;
    },
    only: sections && new Set(sections),
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
