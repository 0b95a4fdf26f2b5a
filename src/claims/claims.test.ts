// Verdicts on both sides of each rule, by planted results; the claims that there are; the text of a document.
import { describe, expect, it } from 'vitest';
import type { ClaimVerdict } from './claim.ts';
import type { ClaimsDocument } from './document.ts';
import type { ComparedArm } from './experiments/compared.ts';
import type { CostedArm } from './experiments/costed.ts';
import type { CountedArm } from './experiments/counted.ts';
import type { RemovedArm } from './experiments/removed.ts';
import { BUFFERS, PAGE_LESS, SCHEMES } from './experiments/usual.ts';
import { chooseClaims, loadClaims } from './run_claims.ts';
import { claimsMarkdown, claimsText } from './view.ts';

const CLAIMS = await loadClaims();
const QUIRKS = ['dma_vec@rfc-as-posted', 'sgl@no-p2p-flag'];

type Change = Partial<Record<string, Readonly<Record<string, number>> | 'EFAULT' | 'EINVAL' | 'misdirected'>>;

/** Every arm carried, with the changes: counters, or a refusal. `*` stands for all schemes or buffers without pages. */
function counts(changes: Change = {}): CountedArm[] {
  return [...SCHEMES, ...QUIRKS].flatMap((scheme) =>
    BUFFERS.map((buffers): CountedArm => {
      const isPageLess = (PAGE_LESS as readonly string[]).includes(scheme);
      const change = changes[`${scheme}/${buffers}`] ?? (isPageLess ? changes[`*/${buffers}`] : undefined);
      const arm = `${scheme}/${buffers}`;
      if (typeof change === 'string') return { arm, refused: { errno: change, reason: 'planted' }, perIo: {} };
      return { arm, perIo: change ?? {} };
    }),
  );
}

function costs(ops: Readonly<Record<string, number>>, more: Partial<CostedArm> = {}): CostedArm[] {
  return Object.entries(ops).map(([arm, count]) => ({
    arm,
    ops: count,
    lines: count,
    atomics: 0,
    functions: {},
    ...more,
  }));
}

function cycles(of: Readonly<Record<string, number>>): CostedArm[] {
  return Object.entries(of).map(([arm, count]) => ({
    ...{ arm, ops: 1, lines: 1, functions: {} },
    cycles: count,
  }));
}

function times(verdict: ComparedArm['verdict'], withheld?: string): ComparedArm[] {
  return [
    { arm: 'phys/user', ratio: 1, interval: [0.99, 1.01], verdict, detectable: 0.01, ...(withheld && { withheld }) },
  ];
}

function memory(memmapBytes: number) {
  const row = { mapStateBytes: 136, totalBytes: 0 };
  return {
    barBytes: 100,
    rows: ['page', 'provider'].map((scheme) => ({ scheme, memmapBytes, ...row })),
  };
}

function removals(pool: boolean, fixed: boolean): RemovedArm[] {
  return [
    { arm: 'dma_vec/pool', isUsedAfter: pool },
    { arm: 'dma_vec/fixed', isUsedAfter: fixed },
    { arm: 'dmabuf/fixed', isUsedAfter: false },
  ];
}

const machine = (near: string, far: string) => ({
  near: { client: 'n', mapType: near },
  far: { client: 'f', mapType: far },
  farLandsIn: 'nothing',
  provider: 'p',
  busAddress: 1n,
  cpuAddress: 2n,
});

const PAGE_CARRIES_USER: Change = { '*/user': 'EFAULT' };
const ASTRAY: Change = { 'dma_vec/fixed': 'misdirected', 'dma_vec/pool': 'misdirected' };
const CARRIED = counts();
const none = counts({ '*/pool': 'EINVAL', '*/fixed': 'EINVAL', '*/user': 'EFAULT' });
const cost4 = (a: number, b: number) => ({
  cost: costs({ 'page/pool': a, 'phys/pool': b, 'page/user': a, 'phys/user': b }),
});
const converted = (ops: number, phys: number) => [
  ...costs({ 'page/pool': 100 }, { functions: { pageToPhys: ops } }),
  ...costs({ 'phys/pool': 100 }, { functions: { pageToPhys: phys } }),
];
const sizes = (large: readonly CountedArm[]) => ({ s4k: CARRIED, s64k: CARRIED, s128k: CARRIED, s1m: large });
const lookups = (user: number, pool = 0) => ({
  small: CARRIED,
  large: counts({ 'phys/user': { pageLookups: user, segments: 1 }, 'phys/pool': { pageLookups: pool } }),
});
const vma = (pageLines: number, lines: number) => ({
  p2p: counts({ 'vma/fixed': { pageLines } }),
  cost: costs({ 'page/fixed': 10, 'dma_vec/fixed': 10, 'vma/fixed': lines }),
});
const tests = (old: number, later: number) =>
  counts({
    'page@5.2/fixed': { p2pTests: old },
    'page/fixed': { p2pTests: later },
    'page@6.17/fixed': { p2pTests: later },
  });

/** Number of the claim, what is planted, and what follows. */
const PLANTED: readonly (readonly [number, Readonly<Record<string, unknown>>, ClaimVerdict])[] = [
  [1, { p2p: none }, 'confirmed'],
  [1, { p2p: CARRIED }, 'refuted'],
  [1, { p2p: counts(PAGE_CARRIES_USER) }, 'partly'],
  [2, { p2p: CARRIED, memory: memory(2) }, 'confirmed'],
  [2, { p2p: counts({ 'page/pool': { pageAtomics: 2 } }), memory: memory(0.5) }, 'refuted'],
  [2, { p2p: CARRIED, memory: memory(0.5) }, 'partly'],
  [2, { p2p: counts({ 'page/pool': { pageAtomics: 2 } }), memory: memory(2) }, 'partly'],
  [3, { p2p: CARRIED }, 'confirmed'],
  [3, { p2p: counts({ 'dma_vec/fixed': { segments: 2 } }) }, 'refuted'],
  [4, { p2p: CARRIED, unconverted: CARRIED }, 'confirmed'],
  [4, { p2p: CARRIED, unconverted: counts({ 'pfn_t/fixed': 'EINVAL' }) }, 'refuted'],
  [
    4,
    { p2p: counts({ 'pfn_t/fixed': { hasPageTests: 2 } }), unconverted: counts({ 'pfn_t/fixed': 'EINVAL' }) },
    'partly',
  ],
  [5, { p2p: CARRIED }, 'cannot be told here'],
  [6, { near: CARRIED, far: counts(ASTRAY), machine: machine('BUS_ADDR', 'THRU_HOST_BRIDGE') }, 'refuted'],
  [6, { near: CARRIED, far: CARRIED, machine: machine('BUS_ADDR', 'THRU_HOST_BRIDGE') }, 'confirmed'],
  [
    6,
    { near: CARRIED, far: counts({ 'dma_vec/fixed': 'EINVAL' }), machine: machine('BUS_ADDR', 'BUS_ADDR') },
    'partly',
  ],
  [7, { far: counts(ASTRAY), sign: CARRIED }, 'confirmed'],
  [7, { far: CARRIED, sign: CARRIED }, 'refuted'],
  [7, { far: counts({ ...ASTRAY, 'page/fixed': 'misdirected' }), sign: CARRIED }, 'partly'],
  [8, { machine: machine('BUS_ADDR', 'THRU_HOST_BRIDGE') }, 'confirmed'],
  [8, { machine: machine('BUS_ADDR', 'BUS_ADDR') }, 'refuted'],
  [9, sizes(CARRIED), 'confirmed'],
  [9, sizes(counts({ 'dma_vec/fixed': { requests: 3 } })), 'refuted'],
  [10, { ram: costs({ 'page/user': 100, 'dma_vec/user': 103 }) }, 'confirmed'],
  [10, { ram: costs({ 'page/user': 100, 'dma_vec/user': 102 }) }, 'refuted'],
  [11, { small: CARRIED, medium: CARRIED, large: CARRIED }, 'confirmed'],
  [11, { small: CARRIED, medium: counts({ 'phys/pool': { splits: 1 } }), large: CARRIED }, 'refuted'],
  [12, { cost: converted(12, 0) }, 'confirmed'],
  [12, { cost: converted(0, 0) }, 'refuted'],
  [12, { cost: converted(12, 1) }, 'refuted'],
  [13, { time: times('equivalent'), ...cost4(10, 9) }, 'confirmed'],
  [13, { time: times('faster'), ...cost4(10, 9) }, 'confirmed'],
  [13, { time: times('slower'), ...cost4(10, 9) }, 'refuted'],
  [13, { time: times('inconclusive'), ...cost4(10, 9) }, 'not measured here'],
  [13, { time: times('faster', 'too few clean rounds'), ...cost4(10, 9) }, 'not measured here'],
  [14, lookups(1), 'confirmed'],
  [14, lookups(32), 'refuted'],
  [14, lookups(2), 'partly'],
  [15, { cost: cycles({ 'page/pool': 100, 'dma_vec/pool': 95, 'page/fixed': 100, 'dma_vec/fixed': 95 }) }, 'confirmed'],
  [15, { cost: cycles({ 'page/pool': 100, 'dma_vec/pool': 50, 'page/fixed': 100, 'dma_vec/fixed': 50 }) }, 'refuted'],
  [15, { cost: cycles({ 'page/pool': 100, 'dma_vec/pool': 95, 'page/fixed': 100, 'dma_vec/fixed': 50 }) }, 'partly'],
  [16, { far: counts(ASTRAY), memory: memory(0) }, 'confirmed'],
  [16, { far: CARRIED, memory: memory(0) }, 'refuted'],
  [17, { direct: none, copy: none, nvmet: CARRIED }, 'confirmed'],
  [17, { direct: CARRIED, copy: CARRIED, nvmet: CARRIED }, 'refuted'],
  [17, { direct: counts(PAGE_CARRIES_USER), copy: counts(PAGE_CARRIES_USER), nvmet: CARRIED }, 'partly'],
  [18, { p2p: counts(PAGE_CARRIES_USER) }, 'confirmed'],
  [18, { p2p: CARRIED }, 'refuted'],
  [19, { p2p: counts({ 'vma/user': 'EFAULT' }) }, 'confirmed'],
  [19, { p2p: CARRIED }, 'refuted'],
  [20, vma(0, 10), 'confirmed'],
  [20, vma(0, 11), 'partly'],
  [20, vma(1, 10), 'refuted'],
  [21, { unaware: counts({ 'sgl@no-p2p-flag/fixed': 'misdirected', 'sgl/fixed': 'EINVAL' }) }, 'confirmed'],
  [21, { unaware: CARRIED }, 'refuted'],
  [
    25,
    { virt: counts({ 'sgl@no-p2p-flag/fixed': 'misdirected', 'sgl/fixed': 'EINVAL' }), usual: CARRIED },
    'confirmed',
  ],
  [25, { virt: CARRIED, usual: CARRIED }, 'refuted'],
  [25, { virt: counts({ 'sgl@no-p2p-flag/fixed': 'misdirected' }), usual: CARRIED }, 'partly'],
  [22, { p2p: tests(0, 3), cost: costs({ 'sgl/fixed': 1, 'page@6.17/fixed': 1 }) }, 'confirmed'],
  [
    22,
    { p2p: counts({ 'sgl/fixed': { p2pTests: 2 } }), cost: costs({ 'sgl/fixed': 1, 'page@6.17/fixed': 1 }) },
    'refuted',
  ],
  [23, { p2p: tests(4, 3) }, 'refuted'],
  [23, { p2p: tests(4, 4) }, 'confirmed'],
  [24, { p2p: counts({ 'page@6.17/fixed': { descriptorBytes: 64 } }) }, 'refuted'],
  [24, { p2p: counts({ 'page@6.17/fixed': { descriptorBytes: 96 } }) }, 'confirmed'],
  [26, { far: counts(ASTRAY) }, 'confirmed'],
  [26, { far: CARRIED }, 'refuted'],
  [26, { far: counts({ ...ASTRAY, 'phys/fixed': 'EINVAL' }) }, 'partly'],
  [27, { gone: removals(false, false) }, 'confirmed'],
  [27, { gone: removals(true, true) }, 'refuted'],
  [27, { gone: removals(false, true) }, 'partly'],
  [28, {}, 'cannot be told here'],
  [29, { cost: costs({ 'phys/fixed': 100, 'phys@hash/fixed': 105, 'phys@tree/fixed': 101 }) }, 'confirmed'],
  [29, { cost: costs({ 'phys/fixed': 100, 'phys@hash/fixed': 101, 'phys@tree/fixed': 106 }) }, 'refuted'],
  [30, cost4(10, 9), 'confirmed'],
  [30, cost4(9, 10), 'refuted'],
  [30, { cost: costs({ 'page/pool': 10, 'phys/pool': 9, 'page/user': 9, 'phys/user': 10 }) }, 'partly'],
  [31, { direct: CARRIED, copy: CARRIED, nvmet: CARRIED }, 'confirmed'],
  [
    31,
    { direct: counts({ 'page/fixed': 'EINVAL' }), copy: counts({ 'page/fixed': 'EINVAL' }), nvmet: CARRIED },
    'refuted',
  ],
  [31, { direct: CARRIED, copy: counts({ 'page/fixed': 'EINVAL' }), nvmet: CARRIED }, 'partly'],
  [32, { direct: CARRIED, far: CARRIED, copy: CARRIED, nvmet: CARRIED }, 'confirmed'],
  [32, { direct: counts(PAGE_CARRIES_USER), far: counts(ASTRAY), copy: CARRIED, nvmet: CARRIED }, 'refuted'],
];

describe('claims', () => {
  it.each(PLANTED)('%i', (number, results, verdict) => {
    const found = CLAIMS.find((each) => each.number === number);
    const finding = found?.claim.judge(results as never);
    expect(finding?.verdict).toBe(verdict);
    expect(finding?.because).not.toBe('');
  });

  it('are numbered from 1, and all of them are planted on each side of their rule', () => {
    expect(CLAIMS.map(({ number }) => number)).toEqual(CLAIMS.map((_, index) => index + 1));
    const untried = CLAIMS.filter(({ number }) => !PLANTED.some(([planted]) => planted === number));
    expect(untried).toEqual([]);
    const sides = Map.groupBy(PLANTED, ([number]) => number);
    const tellable = [...sides].filter(([, rows]) => rows.every(([, , verdict]) => verdict !== 'cannot be told here'));
    expect(tellable.filter(([, rows]) => new Set(rows.map(([, , verdict]) => verdict)).size < 2)).toEqual([]);
  });

  it('are chosen by number, and a wrong one is refused', () => {
    expect(chooseClaims(CLAIMS, [7, 13]).map(({ number }) => number)).toEqual([7, 13]);
    expect(() => chooseClaims(CLAIMS, [99])).toThrow(/no claim 99; there are 1 to 32/);
  });
});

describe('text', () => {
  const document: ClaimsDocument = {
    schema: 'p2plab.claims/1',
    version: '0',
    claims: [
      {
        number: 1,
        claim: 'A | B',
        by: [{ author: 'Somebody', date: '2019-06-20', thread: 'x' }],
        verdict: 'partly',
        because: 'half of it.',
        figures: [{ what: 'ratio', value: 0.98765, unit: 'times', how: 'measured', interval: [0.9, 1.1] }],
        detectable: 0.02,
        rule: 'r',
        history: 'h',
        repeat: ['p2plab run'],
      },
    ],
  };

  it('has verdict, figures with their interval, and what could have been seen', () => {
    const text = claimsText(document);
    expect(text).toContain('1 claim: 1 partly.');
    expect(text).toContain('ratio: 0.9877 times [0.9, 1.1] (measured)');
    expect(text).toContain('smallest difference seen: 2.0 %');
  });

  it('keeps a bar in a cell of Markdown', () => {
    expect(claimsMarkdown(document)).toContain('A \\| B');
  });
});
