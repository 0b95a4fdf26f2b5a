// Waiting for what another process does. A test never sleeps for a time in which something should have happened.
import { setTimeout } from 'node:timers/promises';

const EVERY_MS = 10;

/** Resolves as soon as the condition holds; the test's own time limit ends a wait in vain. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(EVERY_MS);
}
