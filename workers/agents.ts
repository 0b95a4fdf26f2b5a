// The piscina entry: one long task for each thread. No logic here; see src/lab/workers/agent_loop.ts.
import { serveOrders, type WorkerTask } from '../src/lab/workers/agent_loop.ts';

export default function agents(task: WorkerTask): void {
  serveOrders(task);
}
