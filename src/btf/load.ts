// From a file's name to its types: raw BTF as in /sys/kernel/btf, or an ELF file (vmlinux, a module) with it inside.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { btfSections, isElf } from './elf.ts';
import { type ByteFile, fileOfBytes, withFile } from './file.ts';
import { type BtfTypes, isBtf, isSplit, parseBtf } from './parse.ts';

/** The running kernel's types. */
const RUNNING_KERNEL = '/sys/kernel/btf/vmlinux';

/** Far more than a kernel's 5 to 10 MiB. */
const MAX_BLOB_BYTES = 512 * 2 ** 20;

/** How packed files begin, and what unpacks them: neither a boot image nor a packed module has its sections at hand. */
const PACKED: readonly (readonly [head: readonly number[], what: string, cure: string])[] = [
  [[0x1f, 0x8b], 'is packed with gzip', 'Unpack it: gzip -dk FILE.'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'is packed with xz', 'Unpack it: xz -dk FILE.'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'is packed with zstd', 'Unpack it: zstd -d FILE.'],
  [[0x4d, 0x5a], 'is a boot image', "Take the vmlinux out of it: the kernel's scripts/extract-vmlinux FILE > vmlinux."],
];

interface Blobs {
  readonly btf: Uint8Array;
  readonly distilledBase: Uint8Array | undefined;
}

/**
 * Loads what `--btf FILE --btf-base BASE` names.
 * @param basePath the base of split BTF; without it vmlinux in the same folder, where there is one
 * @returns the sets to look types up in, the base first
 * @throws LabError when a file is missing, damaged, of another format, or lacks its base
 */
export function loadBtf(path: string, basePath?: string): BtfTypes[] {
  const blobs = withFile(path, '--btf', readBlobs);
  const given = basePath === undefined ? undefined : loadBase(basePath);
  if (blobs.distilledBase !== undefined) {
    const distilled = parseBtf(blobs.distilledBase, `${path} (.BTF.base)`, undefined, given);
    return [...(given === undefined ? [] : [given]), parseBtf(blobs.btf, path, distilled)];
  }
  if (!isSplit(blobs.btf, path)) {
    if (given === undefined) return [parseBtf(blobs.btf, path)];
    throw new LabError(`--btf-base ${basePath}: ${path} stands alone and takes no base. Leave --btf-base out.`);
  }
  const base = given ?? neighbour(path);
  return base === undefined ? [parseBtf(blobs.btf, path)] : [base, parseBtf(blobs.btf, path, base)];
}

/**
 * The running kernel: vmlinux, and those of the named modules that are loaded.
 * @throws LabError where the kernel shows no BTF
 */
export function loadRunningKernel(modules: readonly string[]): BtfTypes[] {
  const [vmlinux] = loadBtf(RUNNING_KERNEL);
  const loaded = modules.map((name) => join(dirname(RUNNING_KERNEL), name)).filter((path) => existsSync(path));
  return [
    ...(vmlinux === undefined ? [] : [vmlinux]),
    ...loaded.map((path) => parseBtf(withFile(path, '--btf', readBlobs).btf, path, vmlinux)),
  ];
}

/** For tests and for bytes that come from elsewhere: one set of types that stands alone. */
export function btfOfBytes(content: Uint8Array, source: string, base?: BtfTypes): BtfTypes {
  return parseBtf(readBlobs(fileOfBytes(source, content)).btf, source, base);
}

function loadBase(path: string): BtfTypes {
  const { btf, distilledBase } = withFile(path, '--btf-base', readBlobs);
  if (distilledBase === undefined && !isSplit(btf, path)) return parseBtf(btf, path);
  throw new LabError(
    `--btf-base ${path}: split BTF itself. Give the kernel's own: /sys/kernel/btf/vmlinux or its vmlinux.`,
  );
}

function neighbour(path: string): BtfTypes | undefined {
  const vmlinux = join(dirname(path), 'vmlinux');
  return existsSync(vmlinux) ? loadBase(vmlinux) : undefined;
}

function readBlobs(file: ByteFile): Blobs {
  const head = file.read(0, Math.min(file.bytes, 16));
  if (isElf(head)) {
    const { btf, base } = btfSections(file);
    return { btf, distilledBase: base };
  }
  if (!isBtf(head)) throw new LabError(`${file.path}: ${notBtf(head)}`);
  if (file.bytes > MAX_BLOB_BYTES) {
    throw new LabError(`${file.path}: begins as BTF but has ${file.bytes} bytes; a kernel's has 5 to 10 MiB.`);
  }
  return { btf: file.read(0, file.bytes), distilledBase: undefined };
}

function notBtf(head: Uint8Array): string {
  const packed = PACKED.find(([begin]) => begin.every((byte, i) => head[i] === byte));
  if (packed !== undefined) return `${packed[1]}. ${packed[2]}`;
  const shown = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return (
    `neither BTF (begins 9f eb or eb 9f) nor ELF (7f 45 4c 46): it begins ${shown}. ` +
    'Give /sys/kernel/btf/vmlinux, a copy of it, or a vmlinux or module with a .BTF section.'
  );
}
