// The NVMe controller's agent for one queue pair.
import { DeviceQueue } from "../layout/queue";
import { serve } from "../nvme/controller";

/**
 * Works until `budget` commands were served or nothing has been announced for more than `idleTurns` turns. Returns the
 * commands served.
 */
export function runDevice(queue: DeviceQueue, budget: u32, idleTurns: u32): u32 {
  let served: u32 = 0;
  let idle: u32 = 0;
  while (idle <= idleTurns && served < budget) {
    const now = serve(queue, budget - served);
    served += now;
    idle = now > 0 ? 0 : idle + 1;
  }
  return served;
}
