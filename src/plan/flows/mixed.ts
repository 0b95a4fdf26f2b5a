// Flow `mixed`, of the counting build: one I/O on two kinds of memory.
import type { FlowPlan } from '../flow.ts';

export const flow: FlowPlan = { nvmePairs: 1, movesRam: true };
