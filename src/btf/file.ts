// Bounded reads of a file that may be large (a vmlinux with debug information has hundreds of MiB) or not what it claims.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { LabError } from '../base/errors.ts';

/** A file open for reading at any place. */
export interface ByteFile {
  readonly path: string;
  readonly bytes: number;
  /**
   * @param at offset from the start, in bytes
   * @throws LabError when the file ends before `at + length`
   */
  read(at: number, length: number): Uint8Array;
}

/**
 * Opens a file for the time of `use`.
 * @param option the option that named it, for the message
 * @throws LabError when it is missing, not readable, not a regular file, or empty
 */
export function withFile<T>(path: string, option: string, use: (file: ByteFile) => T): T {
  let handle: number;
  try {
    // Not blocking: a pipe that nobody writes to must end in a message too.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new LabError(`${option} ${path}: ${openProblem(error as NodeJS.ErrnoException, path)}`);
  }
  try {
    const stats = fstatSync(handle);
    const problem = statProblem(stats);
    if (problem !== undefined) throw new LabError(`${option} ${path}: ${problem}`);
    return use({ path, bytes: stats.size, read: (at, length) => readFully(handle, path, at, length, stats.size) });
  } finally {
    closeSync(handle);
  }
}

/** The same over bytes in memory. */
export function fileOfBytes(path: string, content: Uint8Array): ByteFile {
  const read = (at: number, length: number): Uint8Array => {
    if (at + length > content.length) throw shortFile(path, at, length, content.length);
    return content.subarray(at, at + length);
  };
  return { path, bytes: content.length, read };
}

function readFully(handle: number, path: string, at: number, length: number, fileBytes: number): Uint8Array {
  if (at + length > fileBytes) throw shortFile(path, at, length, fileBytes);
  const into = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const got = readSync(handle, into, have, length - have, at + have);
    if (got === 0) throw shortFile(path, at, length, at + have);
    have += got;
  }
  return into;
}

function shortFile(path: string, at: number, length: number, fileBytes: number): LabError {
  return new LabError(
    `${path}: the file ends at byte ${fileBytes}, but bytes ${at} to ${at + length} should be in it. It is cut off or damaged: copy it again.`,
  );
}

function statProblem(stats: Stats): string | undefined {
  if (stats.isDirectory()) return 'is a folder. Give a BTF file, such as /sys/kernel/btf/vmlinux, or an ELF vmlinux.';
  if (!stats.isFile())
    return 'is not a regular file. Give a BTF file, such as /sys/kernel/btf/vmlinux, or an ELF vmlinux.';
  if (stats.size === 0) return 'is empty. Give a BTF file, such as /sys/kernel/btf/vmlinux, or an ELF vmlinux.';
  return undefined;
}

function openProblem(error: NodeJS.ErrnoException, path: string): string {
  if (error.code === 'ENOENT') {
    const hint = path.startsWith('/sys/kernel/btf')
      ? 'This kernel was built without CONFIG_DEBUG_INFO_BTF, or this is not Linux: give another with --btf FILE (a copy of /sys/kernel/btf/vmlinux, or a vmlinux with a .BTF section).'
      : 'Give a BTF file, such as a copy of /sys/kernel/btf/vmlinux, or an ELF vmlinux with a .BTF section.';
    return `no such file. ${hint}`;
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'may not be read by this user.';
  return `cannot be opened (${error.code ?? error.message}).`;
}
