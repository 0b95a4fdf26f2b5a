// What the fuzz draws schemes from: every one, in every variant that keeps its rules.
import { soundVariants } from '../support/variants.ts';

export function fuzzedSchemes(): string[] {
  return soundVariants();
}
