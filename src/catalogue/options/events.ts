// Options: what happens in the middle of a run: the provider is removed, something fails.
import { one, share, text } from './kinds.ts';

/** What has the addresses of a removed provider. */
export const HOLES = ['empty', 'reassigned'] as const;

export const EVENTS = {
  removeAt: share(
    '--remove-at <percent%>',
    'remove the provider in every round when this share of its I/Os is done, instead of comparing',
    { stated: 'by the group' },
  ),
  hole: one('--hole <kind>', "what has the removed provider's addresses (default: empty)", HOLES, {
    stated: 'by the group',
  }),
  fault: text(
    '--fault <target:kind@ms>',
    'let something fail, to see what the lab does: a worker or process exit or hang (nvme0:hang@500, process1:exit@50), a host lose or repeat a completion (host0:lose@500)',
    {},
  ),
};
