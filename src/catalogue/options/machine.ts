// Options: the machine's sizes and what its parts are like.
import { GIB, KIB, MIB } from '../../base/units.ts';
import { number, one, size } from './kinds.ts';

/** The largest tag that fits the command identifier beside its generation. */
const MOST_DEPTH = 4096;

export const MACHINE = {
  refcount: one('--refcount <how>', 'struct page refcounts by locked or by plain operations', ['atomic', 'plain'], {
    fallback: 'atomic',
    field: 'refcount',
    stated: 'as field',
  }),
  p2pQueue: one('--p2p-queue <on|off>', 'whether the NVMe queues take P2P memory', ['on', 'off'], {
    fallback: 'on',
    field: 'p2pQueue',
    resolve: (word) => word === 'on',
    stated: 'as field',
  }),
  mdts: size('--mdts <size>', 'largest transfer of one command', [4 * KIB, 8 * MIB], {
    fallback: '512KiB',
    field: 'mdtsBytes',
    stated: 'as field',
  }),
  queueDepth: number('--queue-depth <n>', 'entries of each SQ and CQ', [2, MOST_DEPTH], {
    fallback: 1024,
    field: 'depthEntries',
    stated: 'as field',
  }),
  ram: size('--ram <size>', 'emulated host RAM', [64 * MIB, 64 * GIB], {
    fallback: '1GiB',
    field: 'ramBytes',
    stated: 'as field',
  }),
};
