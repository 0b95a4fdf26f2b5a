// Which machine a figure is of. Times of two machines, kernels or Node versions say nothing about each other.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Environment } from '../result/schema.ts';

/** What must be equal for two times to be compared. */
export const fingerprintSchema = z.object({
  cpu: z.string(),
  cores: z.number().int().positive(),
  kernel: z.string(),
  node: z.string(),
  v8: z.string(),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

export function fingerprintOf({ cpu, cores, kernel, node, v8 }: Environment | Fingerprint): Fingerprint {
  return { cpu, cores, kernel, node, v8 };
}

/** A short name of it, for file names. */
export function fingerprintId(of: Fingerprint): string {
  return createHash('sha256')
    .update(JSON.stringify(fingerprintOf(of)))
    .digest('hex')
    .slice(0, 12);
}

/** `cpu 'a' there, 'b' here`, for each thing that differs; empty for the same machine. */
export function differences(there: Fingerprint, here: Fingerprint): string[] {
  return Object.keys(fingerprintSchema.shape).flatMap((key) => {
    const [theirs, ours] = [there[key as keyof Fingerprint], here[key as keyof Fingerprint]];
    return theirs === ours ? [] : [`${key} ${JSON.stringify(theirs)} there, ${JSON.stringify(ours)} here`];
  });
}
