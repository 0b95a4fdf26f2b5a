// rnic.wasm: the agent of an RNIC and of the initiator behind it. Knows no scheme.
import { runRnic } from "../agents/rnic";
import { Initiator } from "../layout/rnic";

/** Works for one lane; see agents/rnic. Returns the work requests and capsules handled. */
export function run(initiator: usize, budget: u32, idleTurns: u32): u32 {
  return runRnic(changetype<Initiator>(initiator), budget, idleTurns);
}
