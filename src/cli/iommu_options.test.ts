// --iommu and --service-ns: what they resolve to, and what they refuse.
import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../catalogue/options/catalogue.ts';
import { resolveRun } from '../options/resolve_run.ts';
import { addRunOptions } from '../options/run_options.ts';
import { isTranslated } from '../plan/fabric.ts';
import { groupParams } from '../plan/group_params.ts';
import { planGroups } from '../plan/run_plan.ts';

async function resolved(...words: string[]) {
  const command = addRunOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(['--bar', '256MiB', ...words], { from: 'user' });
  const { params } = await resolveRun(undefined, command.opts<RunOptions>());
  const [group] = planGroups(params);
  if (group === undefined) throw new Error('a run has a group');
  return { params, fabric: group.fabric, stated: groupParams(group, params) };
}

describe('--iommu', () => {
  it('is off without a word, and every mode is stated in the result', async () => {
    expect((await resolved()).stated).toMatchObject({ iommu: 'off' });
    for (const iommu of ['off', 'passthrough', 'lazy', 'strict']) {
      expect((await resolved('--iommu', iommu)).stated).toMatchObject({ iommu });
    }
  });

  it('translates in lazy and strict mode: the controller has no window of RAM, the IOMMU has', async () => {
    for (const iommu of ['lazy', 'strict']) {
      const { fabric } = await resolved('--iommu', iommu);
      expect(isTranslated(fabric)).toBe(true);
      // The default pair is below one switch: P2P goes there, past the IOMMU.
      expect(fabric.mapType).toBe('BUS_ADDR');
      expect(fabric.windows.map(({ target }) => target)).toContain('bar');
      expect(fabric.windows.map(({ target }) => target)).not.toContain('ram');
      expect(fabric.cpuWindows?.map(({ target }) => target)).toEqual(expect.arrayContaining(['bar', 'ram']));
    }
    for (const iommu of ['off', 'passthrough']) {
      const { fabric } = await resolved('--iommu', iommu);
      expect(isTranslated(fabric)).toBe(false);
      expect(fabric.windows.map(({ target }) => target)).toContain('ram');
    }
  });

  it('sends P2P through the host bridge where ports redirect it, as an IOMMU has them do', async () => {
    const { fabric } = await resolved('--iommu', 'strict', '--topology', 'acs-on');
    expect(fabric.mapType).toBe('THRU_HOST_BRIDGE');
    expect(fabric.windows.map(({ target }) => target)).not.toContain('bar');
  });

  it('refuses other words with what there is', async () => {
    for (const word of ['on', 'Strict', '']) {
      await expect(resolved('--iommu', word)).rejects.toThrow(CommanderError);
      await expect(resolved('--iommu', word)).rejects.toThrow(/off, passthrough, lazy, strict/);
    }
  });
});

describe('--service-ns', () => {
  it('is stated where it is given', async () => {
    expect((await resolved()).stated).not.toHaveProperty('serviceNs');
    expect((await resolved('--service-ns', '199.6')).stated).toMatchObject({ serviceNs: 199.6 });
  });

  it('refuses what is no time', async () => {
    for (const word of ['0', '-5', 'fast', '2e9']) {
      await expect(resolved('--service-ns', word)).rejects.toThrow(/number from 0.1 to/);
    }
  });
});
