// Transparent huge pages: what the lab's memory, its memmap too, is mapped by. x86 kernels map whole sections of vmemmap
// by 2 MiB (vmemmap_populate in arch/x86/mm/init_64.c); V8 gives no advice, so that only `always` does the same here.
// Dependent loads over 256 MiB, natively on a virtual EPYC: 185 ns on 4 KiB pages, 165 ns on 2 MiB ones.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const FOLDER = '/sys/kernel/mm/transparent_hugepage';
const SIZE = `${FOLDER}/hugepages-2048kB/enabled`;

export const check: Check = { title: 'huge pages', look };

function look(host: Host): Finding {
  const mode = chosen(host.readText(`${FOLDER}/enabled`));
  if (mode === undefined) return unknown('this kernel has no transparent huge pages');
  const size = chosen(host.readText(SIZE));
  const effective = size === undefined || size === 'inherit' ? mode : size;
  if (effective === 'always') return ok("'always'");
  return {
    severity: 'warning',
    found: `transparent huge pages are '${effective}'`,
    effect:
      "the lab's memmap lies on 4 KiB pages where a kernel's vmemmap lies on 2 MiB ones, so a cold struct page costs TLB misses too (about a tenth of its latency at 256 MiB)",
    change: `echo always > ${FOLDER}/enabled`,
  };
}

function chosen(text: string | undefined): string | undefined {
  return /\[(\w+)\]/.exec(text ?? '')?.[1];
}
