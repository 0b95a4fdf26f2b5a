// What may come of each race, as data: every outcome that is not in these tables is a fault. An outcome is the set of things
// that were seen in one run, in the order of the words below. The inline tests also show that each of them is reached.

import type { Race } from '../support/expectation.ts';

/** What became of I/Os of one run in which the provider was removed. */
export const FATES = ['before', 'draining', 'after', 'refused', 'torn', 'device error', 'landed elsewhere'] as const;
export type Fate = (typeof FATES)[number];

/** One kind of arm: those whose removal waits for the same, and is told by the same errno. */
export interface RemovalRace {
  name: string;
  /** What test/schemes calls it: each scheme says to which its removals belong. */
  race: Race;
  /** Outcomes, words joined by +. */
  allowed: readonly string[];
  /** Outcomes that take two threads. */
  onThreads?: readonly string[];
}

/** Waits for what is in flight, refuses the rest. Nothing ends after it is gone, nothing fails in the device. */
const WAITS = [
  'before+draining+refused',
  // Nothing was in flight.
  'before+refused',
  // Before the first I/O had ended, or had begun.
  'draining+refused',
  'refused',
  // As the last ones were under way, or over.
  'before+draining',
  'before',
  'draining',
] as const;

/** Removal against submission: in flight, about to be submitted, submitted later. */
export const REMOVAL_AGAINST_SUBMISSION: readonly RemovalRace[] = [
  {
    name: 'pinned pages',
    race: 'pinned',
    allowed: WAITS,
  },
  {
    name: 'allocations',
    race: 'allocated',
    allowed: WAITS,
  },
  {
    name: 'pages of long-lived buffers',
    race: 'held',
    // Whoever holds them goes on to the end.
    allowed: ['before+draining', 'before', 'draining'],
  },
  {
    name: 'nothing',
    race: 'unowned',
    // After: moved before it went, told afterwards. In one thread the removal is over in one turn, so nothing drains.
    allowed: [
      'before',
      'after',
      'before+after',
      'device error',
      'before+device error',
      'after+device error',
      'before+after+device error',
    ],
    onThreads: [
      'draining',
      'before+draining',
      'draining+after',
      'before+draining+after',
      'draining+device error',
      'before+draining+device error',
      'draining+after+device error',
      'before+draining+after+device error',
    ],
  },
];

/** Revocation against completion: a map that is taken back while I/O on it is mapped, moved, about to be unmapped. */
export const REVOCATION_AGAINST_COMPLETION: readonly RemovalRace[] = [
  {
    name: 'a reference for each bio: an I/O is whole or refused',
    race: 'referenced',
    allowed: WAITS,
  },
  {
    name: 'mapped for each request: an I/O that waits for tags may lose its second part',
    race: 'mapped',
    allowed: [
      ...WAITS,
      'before+draining+refused+torn',
      'draining+refused+torn',
      'before+draining+torn',
      'draining+torn',
    ],
    // Nothing but such I/Os was in flight.
    onThreads: ['before+refused+torn', 'refused+torn', 'before+torn', 'torn'],
  },
];

/** States of rings and tags as seen between turns, and what was passed on the way. */
export const RING_STATES = {
  allowed: [
    'SQ empty',
    'SQ partly full',
    'SQ full',
    'CQ empty',
    'CQ partly full',
    // As many entries as there are tags: one fewer than the ring has.
    'CQ full',
    'SQ index wrapped',
    'CQ phase flipped',
    'issued count wrapped',
    'posted count wrapped',
    'no tag free',
    'a bio waits for tags',
    'every tag used again',
    'generation of a tag wrapped',
  ],
  /** More completions than tags: one was lost or doubled. */
  forbidden: ['CQ overrun', 'more tags free than there are', 'completed beyond issued'],
} as const;
