// Flow `direct`: host and drive.
import type { FlowPlan } from '../flow.ts';

export const flow: FlowPlan = {
  nvmePairs: 1,
  serializes: true,
  removable: true,
  staged: true,
};
