// The CPU as cpu_supports_p2pdma asks for it: vendor and family. Read from `--cpu`, /proc/cpuinfo or a topology file.
import { LabError, suggestion } from '../base/errors.ts';
import type { Cpu } from './model.ts';

/** CPUID vendor strings and the words of `--cpu`. Hygon is a vendor of its own for Linux: not AMD. */
const VENDORS: ReadonlyMap<string, string> = new Map([
  ['authenticamd', 'amd'],
  ['genuineintel', 'intel'],
  ['hygongenuine', 'hygon'],
  ['centaurhauls', 'centaur'],
  ['  shanghai  ', 'zhaoxin'],
  ['shanghai', 'zhaoxin'],
  ['amd', 'amd'],
  ['intel', 'intel'],
  ['hygon', 'hygon'],
  ['centaur', 'centaur'],
  ['zhaoxin', 'zhaoxin'],
  ['arm', 'arm'],
]);

const X86_VENDORS = new Set(['amd', 'intel', 'hygon', 'centaur', 'zhaoxin']);

/** First AMD family that forwards P2P between its root ports (Zen). */
export const AMD_ZEN_FAMILY = 0x17;

/** What `--cpu` asks for: a CPU, the running one, or none known. */
export type CpuChoice = { readonly kind: 'given'; readonly cpu: Cpu } | { readonly kind: 'host' | 'unknown' };

/**
 * Reads `amd:23`, `amd:0x17`, `intel:6`, `host` or `unknown`.
 * @throws LabError on anything else
 */
export function parseCpu(text: string): CpuChoice {
  const word = text.trim().toLowerCase();
  if (word === 'host' || word === 'unknown') return { kind: word };
  const match = /^([a-z]+)(?::(\d+|0x[0-9a-f]+))?$/.exec(word);
  const vendor = VENDORS.get(match?.[1] ?? '');
  if (vendor === undefined) {
    throw new LabError(
      `--cpu: '${text}' is not a CPU${suggestion(match?.[1] ?? word, ['host', 'unknown', ...VENDORS.values()]) || '.'} ` +
        'Write vendor:family, such as amd:23 or intel:6, or host, or unknown.',
    );
  }
  if (match?.[2] === undefined) {
    throw new LabError(`--cpu: '${text}' needs the family too, as in ${vendor}:${vendor === 'amd' ? 23 : 6}.`);
  }
  const family = Number(match[2]);
  if (family > 0xffff) throw new LabError(`--cpu: family ${match[2]} is out of range (0 to 65535).`);
  return { kind: 'given', cpu: { vendor, family } };
}

/** The CPU a vendor string and family stand for; the vendor's own word, lower case, when it is not a known one. */
export function cpuOf(vendorString: string, family: number): Cpu {
  const word = vendorString.trim().toLowerCase();
  return { vendor: VENDORS.get(word) ?? word, family };
}

/** The first processor of a cpuinfo text; undefined when it names no vendor and family (not x86). */
export function cpuFromCpuinfo(text: string): Cpu | undefined {
  const vendor = /^vendor_id\s*:\s*(.+)$/m.exec(text)?.[1];
  const family = /^cpu family\s*:\s*(\d+)\s*$/m.exec(text)?.[1];
  return vendor === undefined || family === undefined ? undefined : cpuOf(vendor, Number(family));
}

/**
 * The family from CPUID's raw fields. NCCL writes base | extended << 4 (143 for Zen), people write the sum (23).
 * Intel adds the extended family only to base family 15, AMD likewise.
 */
export function familyFromRaw(raw: number): number {
  const base = raw & 0xf;
  const extended = raw >> 4;
  return base === 0xf && extended > 0 ? base + extended : raw;
}

/** cpu_supports_p2pdma (p2pdma.c, since v5.10): any AMD x86 CPU of family 0x17 or later. Undefined: CPU not known. */
export function cpuSupportsP2pdma(cpu: Cpu | undefined): boolean | undefined {
  return cpu && cpu.vendor === 'amd' && cpu.family >= AMD_ZEN_FAMILY;
}

/** Whether the CPU is x86, where host bridge windows have no offset; undefined when not known. */
export function isX86(cpu: Cpu | undefined): boolean | undefined {
  return cpu && X86_VENDORS.has(cpu.vendor);
}

/** `AMD family 0x17`. */
export function describeCpu(cpu: Cpu | undefined): string {
  if (!cpu) return 'unknown CPU';
  const name = cpu.vendor === 'amd' ? 'AMD' : cpu.vendor.charAt(0).toUpperCase() + cpu.vendor.slice(1);
  return `${name} family 0x${cpu.family.toString(16)}`;
}
