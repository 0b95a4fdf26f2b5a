// How the command line chooses what schemes run as: --era, --phys-lookup, --quirk, NAME@VALUE.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../catalogue/options/catalogue.ts';
import { listSchemes, variantOf } from '../lab/machine/modules.ts';
import { resolveRun } from '../options/resolve_run.ts';
import { addRunOptions } from '../options/run_options.ts';
import { groupParams } from '../plan/group_params.ts';
import { planGroups } from '../plan/run_plan.ts';

async function resolved(...words: string[]) {
  const command = addRunOptions(new Command()).exitOverride();
  command.parse(['--bar', '256MiB', ...words], { from: 'user' });
  return (await resolveRun(undefined, command.opts<RunOptions>())).params;
}

describe('options of schemes', () => {
  it('run every scheme as its default without a word, and say so in the result', async () => {
    const params = await resolved('--scheme', 'page,phys,dma_vec');
    expect(params.variants?.of).toEqual({ page: 'page', phys: 'phys', dma_vec: 'dma_vec' });
    const [group] = planGroups(params);
    expect(group && groupParams(group, params)).toMatchObject({ era: '6.12', quirk: 'none', physLookup: 'flag' });
  });

  it('reach the schemes that know the value, and no other', async () => {
    const params = await resolved('--scheme', 'page,phys,dma_vec', '--era', '5.2', '--phys-lookup', 'tree');
    expect(params.variants?.of).toEqual({ page: 'page@5.2', phys: 'phys@tree', dma_vec: 'dma_vec' });
    const [group] = planGroups(params);
    expect(group && groupParams(group, params)).toMatchObject({ era: '5.2', physLookup: 'tree' });
  });

  it('know the values that the schemes have, all of them', async () => {
    const values = (option: string): Set<string> =>
      new Set(listSchemes().flatMap(({ variants }) => variants.flatMap(({ options }) => options[option] ?? [])));
    for (const era of values('era')) expect((await resolved('--era', era)).variants?.options.era).toBe(era);
    for (const how of values('phys-lookup')) {
      const params = await resolved('--scheme', 'phys', '--phys-lookup', how);
      expect(params.variants?.options['phys-lookup']).toBe(how);
    }
    for (const quirk of values('quirk')) {
      if (quirk === 'none') continue;
      const { variants } = await resolved('--scheme', 'all', '--quirk', quirk);
      expect(Object.values(variants?.of ?? {}).filter((name) => name.endsWith(`@${quirk}`))).toHaveLength(1);
    }
  });

  it('refuse a fault that no chosen scheme can have, naming its owner', async () => {
    await expect(resolved('--scheme', 'page', '--quirk', 'rfc-as-posted')).rejects.toThrow(
      'rfc-as-posted is a fault of dma_vec; add it to --scheme',
    );
  });

  it('leave faults of the topology to it', async () => {
    const params = await resolved('--scheme', 'page,dma_vec', '--quirk', 'bus-offset-sign,rfc-as-posted');
    expect(params.variants).toMatchObject({
      of: { page: 'page', dma_vec: 'dma_vec@rfc-as-posted' },
      options: { quirk: 'bus-offset-sign+rfc-as-posted' },
    });
  });

  it('compare eras in one run by name, whatever --era says', async () => {
    const params = await resolved('--scheme', 'page@5.2,page@6.17,page', '--era', '6.17');
    expect(params.variants?.of).toEqual({ 'page@5.2': 'page@5.2', 'page@6.17': 'page@6.17', page: 'page@6.17' });
    expect(variantOf('page@5.2', {}).options).toEqual({ era: '5.2' });
    await expect(resolved('--scheme', 'page@4.20')).rejects.toThrow("unknown scheme 'page@4.20'");
  });
});
