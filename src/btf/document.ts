// The comparison as one plain document: what `p2plab layout --json` writes and its table shows.
import { LabError } from '../base/errors.ts';
import {
  type ConstantComparison,
  compareConstants,
  compareStructs,
  type StructComparison,
  structsWithoutCounterpart,
} from './compare.ts';
import type { BtfTypes } from './parse.ts';

export interface LayoutDocument {
  readonly schema: 'p2plab.layout/1';
  readonly sources: readonly LayoutSource[];
  /** One for each struct of ours that mirrors one of Linux. Offsets and sizes in bytes. */
  readonly structs: readonly StructComparison[];
  readonly constants: readonly ConstantComparison[];
  /** Structs of ours that stand for nothing in Linux. */
  readonly ownStructs: readonly string[];
}

/** One file of types. */
export interface LayoutSource {
  readonly file: string;
  readonly byteOrder: 'little' | 'big';
  readonly pointerBytes: number;
  /** Its own, without its base's. */
  readonly types: number;
  readonly base: string | null;
}

/**
 * @param sets the kernel's types, base first
 * @throws LabError when they are not a kernel's: none of the structs is among them
 */
export function layoutDocument(sets: readonly BtfTypes[]): LayoutDocument {
  const structs = compareStructs(sets);
  if (structs.every(({ state }) => state === 'absent')) {
    const names = structs.slice(0, 4).map(({ kernel }) => kernel);
    throw new LabError(
      `${sets.map(({ source }) => source).join(', ')}: BTF, but not of a Linux kernel: it has neither ${names.join(', ')} ` +
        'nor any other struct compared here. Give /sys/kernel/btf/vmlinux, a copy of it, or a vmlinux.',
    );
  }
  return {
    schema: 'p2plab.layout/1',
    sources: sets.map((types) => ({
      file: types.source,
      byteOrder: types.littleEndian ? 'little' : 'big',
      pointerBytes: types.pointerBytes,
      types: types.recordAt.length,
      base: types.base?.source ?? null,
    })),
    structs,
    constants: compareConstants(sets),
    ownStructs: structsWithoutCounterpart(),
  };
}
