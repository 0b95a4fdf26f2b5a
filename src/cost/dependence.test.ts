// Loads that an address is made of, found in the code.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileTarget } from '../compile/compile.ts';
import { moduleBytes } from '../lab/machine/modules.ts';
import { loadDependences } from './dependence.ts';
import { type Rewritten, rewrite, sitesByOffset } from './rewrite.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = `
export function chain(at: usize): u32 { return load<u32>(load<u32>(load<u32>(at))); }
export function apart(a: usize, b: usize): u32 { return load<u32>(a) + load<u32>(b); }
export function list(head: usize): u32 {
  let sum: u32 = 0;
  for (let at = head; at != 0; at = load<u32>(at, 8)) sum += load<u32>(at, 4);
  return sum;
}
export function either(at: usize, way: bool): u32 {
  let next: usize = at;
  if (way) next = load<u32>(at, 16); else next = load<u32>(at, 32);
  return load<u32>(next, 64);
}
export function many(at: usize): u32 {
  return load<u32>(load<u32>(at) + load<u32>(at, 4) + load<u32>(at, 8) + load<u32>(at, 12), 100);
}`;

/** Sources of each site of one function, as indices among the function's own sites. */
function sourcesIn(bytes: Uint8Array, { sites, shape }: Rewritten, name: string): number[][] {
  const exportIndex = shape.bodies.find(({ index }) => shape.names.get(index)?.endsWith(`/${name}`))?.index;
  const found = loadDependences(bytes, shape, sitesByOffset(sites));
  const own = sites.filter((site) => site.function === exportIndex);
  return own.map(({ id }) => (found.get(id) ?? []).map((source) => own.findIndex((each) => each.id === source)));
}

describe('the loads of an address', () => {
  it('are followed through operands, locals, branches and loops, three at most', async () => {
    const entry = 'src/machine/example.ts';
    const target = { name: 'example', entry, overlay: { [entry]: SOURCE }, counting: false, constants: {} };
    const bytes = await compileTarget(ROOT, target);
    const rewritten = rewrite(bytes);
    const of = (name: string): number[][] => sourcesIn(bytes, rewritten, name);
    expect(of('chain')).toEqual([[], [0], [1]]);
    expect(of('apart')).toEqual([[], []]);
    // Both loads of the list: from the one that gives the next element, once round.
    const list = of('list');
    expect(list).toHaveLength(2);
    expect(new Set(list.flat()).size).toBe(1);
    expect(list.every((sources) => sources.length === 1)).toBe(true);
    expect(of('either').at(-1)).toEqual([0, 1]);
    expect(of('many').at(-1)).toEqual([1, 2, 3]);
  });

  it('are known sites of loads in every module of the machine', () => {
    for (const name of ['host.page', 'device']) {
      const bytes = moduleBytes(name);
      const { sites, shape } = rewrite(bytes, 10);
      const found = loadDependences(bytes, shape, sitesByOffset(sites));
      const kinds = new Map(sites.map(({ id, kind }) => [id, kind]));
      for (const sources of found.values())
        for (const source of sources) expect(['load', 'update']).toContain(kinds.get(source));
      expect(found.size).toBeGreaterThan(sites.length / 4);
      expect(Math.max(...[...found.values()].map(({ length }) => length))).toBe(3);
    }
  });
});
