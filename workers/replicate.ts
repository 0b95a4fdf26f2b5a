// The entry of a replicate's process. No logic here; see src/lab/serve_replicate.ts.
import { serveReplicate } from '../src/lab/serve_replicate.ts';

serveReplicate();
