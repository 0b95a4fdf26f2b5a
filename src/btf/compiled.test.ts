// BTF of a C compiler: structs written as Linux 6.12 has them, laid out by gcc, beside ours, laid out by AssemblyScript.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GCC_BTF, needing } from '../../test/support/needs.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { compareStructs, type StructComparison } from './compare.ts';
import { loadBtf } from './load.ts';
import { memberAt, typeOf } from './types.ts';

const folder = scratchFolder('gcc');

/** Field names and order of include/linux/nvme.h and drivers/nvme/host/{nvme.h,pci.c}. */
const NVME = `
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long u64;
struct nvme_sgl_desc { u64 addr; u32 length; u8 rsvd[3]; u8 type; };
union nvme_data_ptr { struct { u64 prp1; u64 prp2; }; struct nvme_sgl_desc sgl; };
struct nvme_rw_command { u8 opcode, flags; u16 command_id; u32 nsid, cdw2, cdw3; u64 metadata; union nvme_data_ptr dptr;
  u64 slba; u16 length, control; u32 dsmgmt, reftag; u16 lbat, lbatm; };
struct nvme_command { union { struct nvme_rw_command rw; u32 words[16]; }; };
union nvme_result { u16 u16; u32 u32; u64 u64; };
struct nvme_completion { union nvme_result result; u16 sq_head, sq_id, command_id, status; };
struct sg_table { void *sgl; u32 nents, orig_nents; };
struct nvme_request { struct nvme_command *cmd; union nvme_result result; u8 genctr, retries, flags; u16 status;
#ifdef CONFIG_NVME_MULTIPATH
  u64 start_time;
#endif
  void *ctrl; };
struct nvme_iod { struct nvme_request req; struct nvme_command cmd;
#ifdef NEWER
  u8 flags, nr_descriptors; u32 total_len; struct { u64 addr, __size; } dma_state; void *dma_vecs; u32 nr_dma_vecs;
  u64 meta_dma; struct sg_table meta_sgt; void *meta_descriptor, *descriptors[5];
#else
  _Bool aborted; signed char nr_allocations; u32 dma_len; u64 first_dma, meta_dma; struct sg_table sgt, meta_sgt;
  void *meta_list, *list[5];
#endif
};
struct nvme_command command; struct nvme_completion completion; struct nvme_iod iod;`;

function compile(name: string, source: string, flags: readonly string[]): string | undefined {
  const out = join(folder, `${name}.o`);
  const args = ['-gbtf', '-m64', ...flags, '-c', '-x', 'c', '-', '-o', out];
  return spawnSync('gcc', args, { input: source }).status === 0 ? out : undefined;
}

needing(GCC_BTF).describe("gcc's BTF", () => {
  const nvme = (...flags: string[]): Map<string, StructComparison> => {
    const compared = compareStructs(loadBtf(compile(`nvme${flags.join('')}`, NVME, flags) as string));
    return new Map(compared.map((one) => [one.struct, one]));
  };

  test('tells members, bitfields and arrays as the compiler laid them out', () => {
    const source = `struct s { int a; union { long b; struct { char c; short d : 3; short e : 7; }; };
      struct { int x; } named; unsigned long *p; char tail[5]; } s;`;
    const [types] = loadBtf(compile('plain', source, []) as string);
    const s = types === undefined ? undefined : typeOf(types, types.structs.get('s')?.[0] ?? 0);
    if (s === undefined) throw new Error('no struct s');
    expect(s.sizeOrType).toBe(40);
    const bytesAt = ['a', 'b', 'c', 'named.x', 'p', 'tail'].map((path) => (memberAt(s, path)?.bitAt ?? -8) / 8);
    expect(bytesAt).toEqual([0, 8, 8, 16, 24, 32]);
    expect(memberAt(s, 'd')).toMatchObject({ bitWidth: 3 });
    expect(memberAt(s, 'e')).toMatchObject({ bitWidth: 7 });
  });

  test.each(['NvmeCommand', 'NvmeCompletion', 'NvmeIod'])('%s is laid out as C lays it out', (struct) => {
    expect(nvme('-DCONFIG_NVME_MULTIPATH').get(struct)).toMatchObject({ state: 'same', differences: [] });
  });

  test('a driver configured without multipath is shorter by its start time', () => {
    expect(nvme().get('NvmeIod')?.differences).toMatchObject([
      { what: '8 bytes fewer before req_ctrl', causes: [{ kind: 'configuration' }] },
    ]);
  });

  test('a driver that maps without scatterlists differs by version', () => {
    const iod = nvme('-DCONFIG_NVME_MULTIPATH', '-DNEWER').get('NvmeIod');
    const causes = iod?.differences.flatMap(({ causes }) => causes) ?? [];
    expect(iod?.state).toBe('differs');
    expect(new Set(causes.map(({ kind }) => kind))).toEqual(new Set(['version']));
    expect(causes.map(({ text }) => text)).toContain('nvme-pci without scatterlists since 6.17: dma_vecs');
  });
});
