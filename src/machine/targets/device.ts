// device.wasm: the NVMe controller's agent. Knows no scheme.
import { runDevice } from "../agents/device";
import { DeviceQueue } from "../layout/queue";

/** Works for one queue pair; see agents/device. Returns the commands served. */
export function run(queue: usize, budget: u32, idleTurns: u32): u32 {
  return runDevice(changetype<DeviceQueue>(queue), budget, idleTurns);
}
