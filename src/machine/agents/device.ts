// The NVMe controller's agent for one queue pair.
import { DeviceQueue } from "../layout/queue";
import { serve } from "../nvme/controller";

/** Turns after which `runDevice` returns even when there is more to do, so that its worker can look at its orders. */
const TURNS: u32 = 4096;
/** Commands served in one turn. */
const COMMANDS_PER_TURN: u32 = 1024;

/** Works until nothing has been announced for `idleTurns` turns, or TURNS turns. Returns the commands served. */
export function runDevice(queue: DeviceQueue, idleTurns: u32): u32 {
  let served: u32 = 0;
  let idle: u32 = 0;
  for (let turn: u32 = 0; turn < TURNS; turn++) {
    const now = serve(queue, COMMANDS_PER_TURN);
    served += now;
    if (now > 0) {
      idle = 0;
    } else if (++idle > idleTurns) {
      break;
    }
  }
  return served;
}
