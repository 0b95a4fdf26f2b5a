// The RNIC's agent for one queue pair, with the initiator at the other end of its wire: the front of the flow `nvmet`.
import { Initiator, Rnic } from "../layout/rnic";
import { sendCommands } from "../rdma/initiator";
import { publish, serveSends } from "../rdma/rnic";

/**
 * Works until the workload's completionMark is reached, `budget` work requests and capsules were handled, or nothing has
 * been announced for more than `idleTurns` turns. Returns what was handled.
 */
export function runRnic(initiator: Initiator, budget: u32, idleTurns: u32): u32 {
  const rnic = changetype<Rnic>(<usize>initiator.rnic);
  let done: u32 = 0;
  let idle: u32 = 0;
  while (idle <= idleTurns && done < budget) {
    const now = serveSends(rnic, initiator, budget - done) + sendCommands(initiator, rnic);
    publish(rnic);
    done += now;
    idle = now > 0 ? 0 : idle + 1;
    if (<i32>(initiator.completionMark - initiator.completed) <= 0) break;
  }
  return done;
}
