// Faults planted in a copy of the machine's sources, to show that the fuzz finds them. One module holds all of them; which
// one it has is said when it runs.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostModule } from '../../build/exports.ts';
import { compileTarget } from '../../src/compile/compile.ts';
import { planTargets, readSchemes } from '../../src/compile/targets.ts';
import { hostModuleFrom } from '../../src/lab/machine/modules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SLOTS = 64;

export interface PlantedFault {
  name: string;
  /** File under src/machine. */
  file: string;
  /** What stands there once, and what stands there instead; FAULT is true when it is chosen. */
  edits: { from: string; to: string }[];
}

export const PLANTED: readonly PlantedFault[] = [
  {
    name: 'the pointer at the end of a full PRP list page overwrites the last entry',
    file: 'nvme/prp.ts',
    edits: [
      {
        from: 'store<u64>(next, load<u64>(lastEntry));',
        to: 'if (!FAULT) store<u64>(next, load<u64>(lastEntry)); else store<u64>(next, 0);',
      },
    ],
  },
  {
    name: 'an offset in the first page is forgotten in the second PRP',
    file: 'nvme/prp.ts',
    edits: [
      {
        from: 'command.prp2 = bytes > first ? address + first : 0;',
        to: 'command.prp2 = bytes > first ? address + (FAULT ? first & ~0xfff : first) : 0;',
      },
    ],
  },
  {
    name: 'the last page of a long buffer is not unpinned',
    file: 'block/page_bio.ts',
    edits: [
      {
        from: 'const count = pagesCovered(vec.bv_offset, vec.bv_len);',
        to: 'const count = pagesCovered(vec.bv_offset, vec.bv_len) - (FAULT && vec.bv_len > 65536 ? 1 : 0);',
      },
    ],
  },
  {
    name: 'segments are joined across owners',
    file: 'block/map_iter.ts',
    edits: [
      {
        from: 'if (!physMergeable(limits, address, len, nextAddress, nextLen)) break;',
        to: 'const crosses = FAULT && (address ^ nextAddress) >> 32 != 0; if (!physMergeable(limits, address, len, nextAddress, nextLen) && !crosses) break;',
      },
      {
        from: '!scheme.sameOwner(place, next.place)) break;',
        to: '(!scheme.sameOwner(place, next.place) && !crosses)) break;',
      },
    ],
  },
  {
    name: 'marked bios merge when they are at the front',
    file: 'block/merge.ts',
    edits: [
      {
        from: 'if ((request.cmd_flags | bio.bi_opf) & NEVER_MERGED) return false;',
        to: 'if ((request.cmd_flags | bio.bi_opf) & NEVER_MERGED) { if (!FAULT || bio.bi_sector > request.__sector) return false; }',
      },
    ],
  },
  {
    name: 'a merged request may be a block larger than the limit',
    file: 'block/merge.ts',
    edits: [
      {
        from: 'if ((request.__data_len + bio.bi_size) >> SECTOR_SHIFT > maxSectors(limits, sector)) return false;',
        to: 'if ((request.__data_len + bio.bi_size) >> SECTOR_SHIFT > maxSectors(limits, sector) + (FAULT ? 8 : 0)) return false;',
      },
    ],
  },
  {
    name: 'a tag is given back twice: with its request and once more',
    file: 'block/endio.ts',
    edits: [
      {
        from: 'tagPut(queue, <u32>request.tag);',
        to: 'tagPut(queue, <u32>request.tag); if (FAULT && request.tag > 2) tagPut(queue, <u32>request.tag - 1);',
      },
    ],
  },
  {
    name: 'what mapping refused is not given back its scatterlist',
    file: 'nvme/map_data.ts',
    edits: [
      {
        from: 'return error == -EREMOTEIO ? BLK_STS_TARGET : BLK_STS_INVAL;',
        to: 'if (FAULT) queue.sgFree -= 1; return error == -EREMOTEIO ? BLK_STS_TARGET : BLK_STS_INVAL;',
      },
    ],
  },
  {
    name: 'the head of the CQ wraps one entry late in its phase',
    file: 'nvme/host.ts',
    edits: [
      {
        from: 'queue.cqPhase ^= 1;',
        to: 'if (!FAULT || queue.cqConsumed < 64) queue.cqPhase ^= 1;',
      },
    ],
  },
  {
    name: 'a pool buffer of several pages gives one page back',
    file: 'pci/p2pmem.ts',
    edits: [
      {
        from: 'poolFree(<usize>machine.pool, offset, bytes);',
        to: 'poolFree(<usize>machine.pool, offset, FAULT && bytes > 8192 ? 4096 : bytes);',
      },
    ],
  },
  {
    name: 'the ranges of a trim behind the first two begin where the first does',
    file: 'nvme/discard.ts',
    edits: [
      {
        from: 'range.slba = bio.bi_sector;',
        to: 'range.slba = FAULT && count > 1 ? changetype<Bio>(<usize>request.bio).bi_sector : bio.bi_sector;',
      },
    ],
  },
  {
    name: 'a flush that others waited for keeps its tag',
    file: 'block/flush.ts',
    edits: [
      {
        from: 'tagPut(queue, <u32>request.tag);',
        to: 'if (!FAULT || queue.flushCommands < 2) tagPut(queue, <u32>request.tag);',
      },
    ],
  },
  {
    name: 'large writes lose Force Unit Access on their way into the command',
    file: 'nvme/host.ts',
    edits: [
      {
        from: 'const control = (request.cmd_flags & REQ_FUA) << FUA_SHIFT;',
        to: 'const control = FAULT && request.__data_len > 4096 ? 0 : (request.cmd_flags & REQ_FUA) << FUA_SHIFT;',
      },
    ],
  },
  {
    name: 'a write with a Flush behind it is none with Force Unit Access',
    file: 'flows/direct.ts',
    edits: [
      {
        from: 'if (blocksOp & IO_FUA) bio.bi_opf |= REQ_FUA;',
        to: 'if (blocksOp & IO_FUA && !(FAULT && blocksOp & IO_FLUSH)) bio.bi_opf |= REQ_FUA;',
      },
    ],
  },
  {
    name: 'removal of the provider does not wait for references',
    file: 'agents/removal.ts',
    edits: [
      {
        from: 'if (p2pmemReferences(machine) != 0) break;',
        to: 'if (!FAULT && p2pmemReferences(machine) != 0) break;',
      },
    ],
  },
];

/** A module of `scheme` that can have any of the faults. */
export interface PlantedModule {
  host(memory: WebAssembly.Memory, fault: PlantedFault | undefined): HostModule;
}

/** Compiles the counting module of `scheme` with every fault in it. @throws Error when a fault's place is not there once */
export async function plantFaults(scheme: string): Promise<PlantedModule> {
  const folder = mkdtempSync(join(tmpdir(), 'p2plab-planted-'));
  try {
    const machine = join(folder, 'src/machine');
    cpSync(join(ROOT, 'src/machine'), machine, { recursive: true });
    writeFileSync(
      join(machine, 'planted.ts'),
      'let chosen: u32 = 0;\nexport function choose(fault: u32): void { chosen = fault; }\nexport function planted(fault: u32): bool { return chosen == fault; }\n',
    );
    for (const [index, fault] of PLANTED.entries()) plant(machine, fault, index + 1);
    const name = `host.${scheme}.counting`;
    const target = planTargets(folder, readSchemes(folder), SLOTS).find((each) => each.name === name);
    if (target === undefined) throw new Error(`the build plans no ${name}`);
    const entry = readFileSync(join(folder, target.entry), 'utf8');
    const overlay = { ...target.overlay, [target.entry]: `export { choose } from "../planted";\n${entry}` };
    const wasm = new Uint8Array(await compileTarget(folder, { ...target, overlay }));
    return { host: (memory, fault) => instance(wasm, memory, fault) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function plant(machine: string, { name, file, edits }: PlantedFault, number: number): void {
  const path = join(machine, file);
  let text = readFileSync(path, 'utf8');
  for (const { from, to } of edits) {
    if (text.split(from).length !== 2)
      throw new Error(`planted fault '${name}': its place in ${file} is not there once`);
    text = text.replace(from, () => to.replaceAll('FAULT', `planted(${number})`));
  }
  const depth = '../'.repeat(file.split('/').length - 1);
  const use = 'import { planted } from "';
  const head = text.includes(use) ? '' : `${use}${depth}planted";\n`;
  writeFileSync(path, head + text);
}

function instance(wasm: BufferSource, memory: WebAssembly.Memory, fault: PlantedFault | undefined): HostModule {
  const module = hostModuleFrom(wasm, memory) as HostModule & { choose(fault: number): void };
  module.choose(fault === undefined ? 0 : PLANTED.indexOf(fault) + 1);
  return module;
}
