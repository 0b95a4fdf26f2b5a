// The flows of the host module that is being compiled. The build reads this file as one export for each file of the flows folder, and a
// `run` that takes the flow of the queue (src/compile/flow_table.ts); an editor sees flow direct.
import { Scheme } from "./chosen_scheme";
import { run as runFlow } from "./flows/direct";
import { HostQueue } from "./layout/queue";

/** Works for one host queue in its lane's flow until its completion mark, its budget of I/Os, or idleness; I/Os completed. */
export function run(at: usize, budget: u32, idleTurns: u32): u32 {
  return runFlow<Scheme>(changetype<HostQueue>(at), budget, idleTurns);
}
