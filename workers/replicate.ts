// The entry of a replicate's process. No logic here; see src/lab/replicate/serve_replicate.ts. Signals first: the rest takes a while to load.
import { leaveSignalsToParent } from '../src/base/signals.ts';

leaveSignalsToParent();
const { serveReplicate } = await import('../src/lab/replicate/serve_replicate.ts');
serveReplicate();
