// Options of flow `nvmet`: its RNIC, how it moves data, what it takes in capsules.
import { one, text } from './kinds.ts';

export const TARGET = {
  rnic: text(
    '--rnic <id>',
    'the RNIC of flow nvmet (with a topology file; default: one that reaches the provider)',
    {},
  ),
  rdma: one(
    '--rdma <how>',
    'flow nvmet: data segments of work requests, or a registered region for each',
    ['sge', 'mr'],
    { fallback: 'sge', stated: 'by the group' },
  ),
  inlineData: text('--inline-data <size>', 'flow nvmet: largest write whose data comes in the capsule, into host RAM', {
    fallback: '4KiB',
    stated: 'by the group',
  }),
};
