// The params of a group as results state them: every option that is stated, and what job and topology add.
import { assert } from '../base/errors.ts';
import {
  type GroupStated,
  keyOf,
  type PointOptionName,
  pointOptions,
  statedFields,
} from '../catalogue/options/catalogue.ts';
import { type Job, usedBlockSizes } from '../jobs/job.ts';
import type { Params, ParamValue } from '../result/schema.ts';
import { flowPlan } from './flows.ts';
import { DEFAULT_RDMA } from './machine_spec.ts';
import { type GroupPlan, type MeasureParams, queuesOf } from './run_plan.ts';

/** Options of a group as results state them. */
export function groupParams(group: GroupPlan, params: MeasureParams): Params {
  const [job] = group.jobs;
  assert(job !== undefined, 'a group has a job');
  const { client, others = [] } = group.fabric;
  const words = (pick: (job: Job) => string): string => [...new Set(group.jobs.map(pick))].join('+');
  const target = flowPlan(group.flow).hasTarget ? { ...DEFAULT_RDMA, ...params.rdma } : undefined;
  const variant = schemeParams({ ...USUAL_VARIANTS, ...params.variants?.options });
  const field = statedFields(params);
  const stated: { [Name in GroupStated]: ParamValue | undefined } & Record<string, ParamValue | undefined> = {
    group: group.id,
    sweep: group.isOnBarAxis ? 'bar' : undefined,
    job: params.jobFile === undefined ? null : `${params.jobFile} [${words((each) => each.name)}]`,
    flow: group.flow,
    clients: others.length === 0 ? undefined : [client, ...others.map((other) => other.client)],
    payload: group.payload,
    bar: group.barBytes,
    rw: words((each) => each.options.rw ?? 'read'),
    bs: words((each) => blockSizeWords(each)),
    iodepth: words((each) => String(each.iodepth)),
    batch: words((each) => String(each.iodepthBatch)),
    queues: queuesOf(group).length,
    era: variant.era,
    quirk: variant.quirk,
    physLookup: variant.physLookup,
    ...variant,
    ...fieldsOf(field, ['iommu', 'serviceNs']),
    topology: params.topology,
    ...fieldsOf(field, ['wait', 'refcount', 'p2pShare', 'p2pQueue']),
    rdma: target && (target.forceMr ? 'mr' : 'sge'),
    maxSge: target?.maxSge,
    inlineData: target?.inlineBytes,
    ...fieldsOf(field, ['mdts', 'queueDepth', 'ram']),
    namespace: params.namespaceBytes,
    processes: params.processes,
    rounds: group.rounds,
    roundMs: group.roundMs,
    ...field,
    removeAt: params.removal?.at,
    hole: params.removal?.hole,
    ...Object.fromEntries(group.jobs.flatMap((each) => fioOptions(each, group.jobs.length > 1))),
  };
  return Object.fromEntries(
    Object.entries(stated).filter((entry): entry is [string, ParamValue] => entry[1] !== undefined),
  );
}

/** Those that stand at a place of their own among the others. */
function fieldsOf(stated: Params, names: readonly PointOptionName[]): Params {
  return Object.fromEntries(names.flatMap((name) => (name in stated ? [[name, stated[name] as ParamValue]] : [])));
}

/** What schemes run as where nothing was chosen. */
const USUAL_VARIANTS = Object.fromEntries(
  pointOptions().flatMap(([name, { ofSchemes, fallback = 'none' }]) =>
    ofSchemes ? [[keyOf(name), String(fallback)]] : [],
  ),
);

/** A scheme's options as results name them. */
export function schemeParams(options: Record<string, string>): Params {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function fioOptions(job: Job, named: boolean): [string, string][] {
  return Object.entries(job.options).map(([key, value]) => [named ? `fio.${job.name}.${key}` : `fio.${key}`, value]);
}

function blockSizeWords(job: Job): string {
  const sizes = usedBlockSizes(job).map(({ bytes }) => bytes);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return least === most ? String(least) : `${least}-${most}`;
}
