// p2plab.claims/1: what the claims came to, as other programs read it.
import type { ClaimVerdict, Figure } from './claim.ts';

export const CLAIMS_SCHEMA = 'p2plab.claims/1';

export interface ClaimRecord {
  number: number;
  claim: string;
  by: { author: string; date: string; thread: string }[];
  verdict: ClaimVerdict;
  because: string;
  figures: Figure[];
  /** Where time decides: the smallest relative difference that the run could have found; null where it is not known. */
  detectable?: number | null;
  rule: string;
  history: string;
  /** What the lab would need to tell more. */
  missing?: string;
  /** Commands that repeat it. */
  repeat: string[];
}

export interface ClaimsDocument {
  schema: typeof CLAIMS_SCHEMA;
  /** Of p2plab. */
  version: string;
  claims: ClaimRecord[];
}
