// The sections of an ELF file that hold BTF: .BTF, and .BTF.base of modules since Linux 6.11. Both word sizes and byte
// orders (ELF-64 Object File Format, version 1.5; the gABI for 32 bit). Nothing else of the file is looked at.
import { LabError } from '../base/errors.ts';
import type { ByteFile } from './file.ts';

/** Raw contents of the sections, as far as the file has them. */
export interface BtfSections {
  readonly btf: Uint8Array;
  readonly base: Uint8Array | undefined;
}

/** More than any kernel has: a vmlinux built with one section for each function has some 100,000. */
const MAX_SECTIONS = 1_000_000;
/** A distribution's kernel has 5 to 10 MiB. */
const MAX_BTF_BYTES = 512 * 2 ** 20;
const SHT_NOBITS = 8;
const SHF_COMPRESSED = 0x800;
const SHN_XINDEX = 0xffff;
const MAX_NAMES_BYTES = 64 * 2 ** 20;

interface Section {
  readonly nameAt: number;
  readonly type: number;
  readonly flags: number;
  readonly at: number;
  readonly bytes: number;
  readonly link: number;
}

interface Elf {
  readonly file: ByteFile;
  readonly wide: boolean;
  readonly littleEndian: boolean;
}

export function isElf(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** @throws LabError when the file is damaged, or has no BTF that can be read */
export function btfSections(file: ByteFile): BtfSections {
  const ident = file.read(0, 16);
  const [wordClass, order] = [ident[4], ident[5]];
  if ((wordClass !== 1 && wordClass !== 2) || (order !== 1 && order !== 2)) {
    throw damaged(file, 4, `ELF class ${wordClass} and byte order ${order} instead of 1 or 2 each`);
  }
  const elf: Elf = { file, wide: wordClass === 2, littleEndian: order === 1 };
  const sections = readSections(elf);
  const btf = contents(elf, sections, '.BTF');
  if (btf === undefined) {
    throw new LabError(
      `${file.path}: an ELF file without a .BTF section: its kernel was built without CONFIG_DEBUG_INFO_BTF, or it was stripped. ` +
        'Give /sys/kernel/btf/vmlinux of a running kernel, or add BTF to a vmlinux with debug information: pahole -J FILE.',
    );
  }
  return { btf, base: contents(elf, sections, '.BTF.base') };
}

interface NamedSection extends Section {
  readonly name: string;
}

function readSections(elf: Elf): NamedSection[] {
  const { file, wide, littleEndian } = elf;
  const header = viewOf(file.read(0, wide ? 64 : 52));
  const tableAt = word(elf, header, wide ? 40 : 32);
  const entryBytes = header.getUint16(wide ? 58 : 46, littleEndian);
  const declared = header.getUint16(wide ? 60 : 48, littleEndian);
  const namesIndex = header.getUint16(wide ? 62 : 50, littleEndian);
  const leastBytes = wide ? 64 : 40;
  if (tableAt === 0) throw damaged(file, wide ? 40 : 32, 'no section table');
  if (entryBytes < leastBytes) {
    throw damaged(file, wide ? 58 : 46, `section headers of ${entryBytes} bytes, at least ${leastBytes} expected`);
  }
  const first = sectionAt(elf, viewOf(file.read(tableAt, leastBytes)), 0);
  const count = declared === 0 ? first.bytes : declared;
  if (count === 0 || count > MAX_SECTIONS) throw damaged(file, wide ? 60 : 48, `${count} sections`);
  const table = viewOf(file.read(tableAt, count * entryBytes));
  const sections = Array.from({ length: count }, (_, i) => sectionAt(elf, table, i * entryBytes));
  const names = sections[namesIndex === SHN_XINDEX ? first.link : namesIndex];
  if (names === undefined || names.bytes > MAX_NAMES_BYTES) {
    throw damaged(file, wide ? 62 : 50, `section ${namesIndex} holds no section names`);
  }
  const text = file.read(names.at, names.bytes);
  return sections.map((section) => ({ ...section, name: nameAt(text, section.nameAt) }));
}

function contents({ file }: Elf, sections: readonly NamedSection[], wanted: string): Uint8Array | undefined {
  const section = sections.find(({ name, type }) => name === wanted && type !== SHT_NOBITS);
  if (section === undefined) return undefined;
  if ((section.flags & SHF_COMPRESSED) !== 0) {
    throw new LabError(
      `${file.path}: its ${wanted} section is compressed. Unpack it: objcopy --decompress-debug-sections FILE OUT.`,
    );
  }
  if (section.bytes > MAX_BTF_BYTES) throw damaged(file, section.at, `${wanted} of ${section.bytes} bytes`);
  return file.read(section.at, section.bytes);
}

function sectionAt(elf: Elf, view: DataView, at: number): Section {
  const { wide, littleEndian } = elf;
  return {
    nameAt: view.getUint32(at, littleEndian),
    type: view.getUint32(at + 4, littleEndian),
    flags: wide ? Number(view.getBigUint64(at + 8, littleEndian) & 0xffff_ffffn) : view.getUint32(at + 8, littleEndian),
    at: word(elf, view, at + (wide ? 24 : 16)),
    bytes: word(elf, view, at + (wide ? 32 : 20)),
    link: view.getUint32(at + (wide ? 40 : 24), littleEndian),
  };
}

/** A word of the file's class. Beyond 2^53 it is no offset into any file, and every check against the file's length says so. */
function word({ wide, littleEndian }: Elf, view: DataView, at: number): number {
  return wide ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
}

function nameAt(text: Uint8Array, at: number): string {
  const end = text.indexOf(0, at);
  return end < 0 || end - at > 64 ? '' : String.fromCharCode(...text.subarray(at, end));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(file: ByteFile, at: number, what: string): LabError {
  return new LabError(
    `${file.path}: damaged ELF file at byte ${at}: ${what}. Copy it again, or give /sys/kernel/btf/vmlinux of a running kernel.`,
  );
}
