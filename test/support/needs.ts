// What some tests need of the machine, and the one way to skip them where it is absent: `needing(FIO).it(...)`. The reason stands in
// the test's title, skip_report.ts lists it at the end of the run, and ../expected_skips.ts says which files may skip for it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { sharedMemory } from '../../src/lab/machine/arena.ts';
import { findChromium } from './chromium.ts';
import { anonymousBytes } from './mapping.ts';

export interface Need {
  /** Why a test does not run without it, and how to get it. */
  reason: string;
  /** Asked when a test needs it. */
  isThere(): boolean;
}

/** Where the data of other people lies that tests read and the project does not contain. */
export const SHARED_DATA = new URL('../../../shared/data/', import.meta.url);

export const FIO: Need = {
  reason: 'fio is not installed (apt-get install fio)',
  isThere: once(() => runs('fio', '--version')),
};
/** Other versions draw some of their random numbers from other seeds. */
export const FIO_3_33: Need = {
  reason: 'fio 3.33, whose random numbers the lab draws, is not installed (Debian 12: apt-get install fio)',
  isThere: once(() => spawnSync('fio', ['--version'], { encoding: 'utf8' }).stdout?.trim() === 'fio-3.33'),
};
export const FIO_CLAT2CSV: Need = {
  reason: 'fio_jsonplus_clat2csv is not installed (apt-get install fio)',
  isThere: once(() => runs('fio_jsonplus_clat2csv', '--help')),
};
export const XMLLINT: Need = {
  reason: 'xmllint is not installed (apt-get install libxml2-utils)',
  isThere: once(() => runs('xmllint', '--version')),
};
export const GCC: Need = {
  reason: 'gcc is not installed (apt-get install gcc libc6-dev)',
  isThere: once(() => runs('gcc', '--version')),
};
export const GCC_BTF: Need = {
  reason: 'no gcc that writes BTF (-gbtf, gcc 12 or later)',
  isThere: once(() => compiles('int x;', '-gbtf')),
};
export const CHROMIUM: Need = {
  reason: 'Chromium is not installed (apt-get install chromium, or its path in CHROMIUM)',
  isThere: once(() => findChromium() !== undefined),
};
export const PROC: Need = { reason: 'there is no /proc', isThere: () => existsSync('/proc/self/smaps') };
export const ZERO_PAGE: Need = {
  reason: 'this kernel gives memory that was only read pages of its own',
  isThere: once(readsShareOnePage),
};
export const PAGEMAP: Need = {
  reason: 'there is no /proc/self/pagemap',
  isThere: () => existsSync('/proc/self/pagemap'),
};
export const RUNNING_KERNEL_BTF: Need = {
  reason: 'the running kernel has no BTF (/sys/kernel/btf/vmlinux)',
  isThere: () => existsSync('/sys/kernel/btf/vmlinux'),
};
export const NOT_ROOT: Need = {
  reason: 'root may read and write everything',
  isThere: () => process.getuid?.() !== 0,
};
export const TOPOLOGY_DATA = sharedData('topology');
export const FIO_DATA = sharedData('fio');
export const TRACE_DATA = sharedData('traces');

/** A folder or file of data beside the checkout. */
export function sharedData(path: string): Need {
  return {
    reason: `shared/data/${path} is not beside the checkout`,
    isThere: () => existsSync(fileURLToPath(new URL(path, SHARED_DATA))),
  };
}

/** `it` and `describe` of tests that run only where everything is there. */
export function needing(...needs: readonly Need[]): {
  it(name: string, test: () => unknown, timeout?: number): void;
  describe(name: string, tests: () => void, timeout?: number): void;
} {
  const missing = needs.filter((need) => !need.isThere());
  const titled = (name: string): string => `${name}${missing.map(({ reason }) => skipMark(reason)).join('')}`;
  const skips = missing.length > 0;
  return {
    it: (name, test, timeout) => it.skipIf(skips)(titled(name), test, timeout),
    describe: (name, tests, timeout) => describe.skipIf(skips)(titled(name), { timeout }, tests),
  };
}

/** How a title says why its test is skipped. */
export function skipMark(reason: string): string {
  return ` [skipped: ${reason}]`;
}

/** The reasons that a title gives. */
export function skipReasons(title: string): string[] {
  return [...title.matchAll(/ \[skipped: ([^\]]*)\]/g)].map((match) => match[1] as string);
}

function runs(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function compiles(source: string, ...flags: string[]): boolean {
  const args = ['-x', 'c', ...flags, '-c', '-o', '/dev/null', '-'];
  return spawnSync('gcc', args, { input: source, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

function once(ask: () => boolean): () => boolean {
  let answer: boolean | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

/** Whether pages that were read and never written are all the kernel's one page of zeroes. Some virtual machines' kernels differ. */
function readsShareOnePage(): boolean {
  if (!PROC.isThere()) return false;
  const memory = sharedMemory();
  memory.grow(64);
  const bytes = new Uint8Array(memory.buffer);
  const before = anonymousBytes(memory);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4096) sum += bytes[at] as number;
  return sum >= 0 && anonymousBytes(memory) - before < bytes.length / 4;
}
