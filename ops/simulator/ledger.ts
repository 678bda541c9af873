import { z } from 'zod';

/**
 * How a call ended for its caller.
 * `answered`, `refused` (4xx), `throttled` (429), `error` (5xx), `reset` and `hang` (never reached the platform's logic),
 * `lost` (dealt with, answer never heard), `late` (cut off, takes effect afterwards), `wrong` (took effect, answer unusable).
 */
export type CallOutcome = 'answered' | 'refused' | 'throttled' | 'error' | 'reset' | 'hang' | 'lost' | 'late' | 'wrong';

/** One call, on record. Reads are not calls. */
export type LedgerRow = {
  seq: number;
  at: string;
  manager: string;
  operation: string;
  reference: string | null;
  serviceRef: string | null;
  /** Whether this very call was carried out. An idempotent repetition is answered without. */
  effect: boolean;
  /** How often the reference has taken effect, this call included: 2 is a thing done twice. */
  effects: number;
  outcome: CallOutcome;
  status: number | null;
  code: string | null;
  /** Whether the caller cannot know if the call took effect. */
  unknown: boolean;
  fault: string | null;
  rule: string | null;
};

/** All calls with one reference: done once is `effects` 1, called no more than needed is `excess` 0. */
export type LedgerSummary = {
  reference: string;
  manager: string;
  operation: string;
  serviceRef: string | null;
  calls: number;
  effects: number;
  unknowns: number;
  refusals: number;
  /** Calls beyond effects + unknowns + refusals: repetitions that nothing gave a reason for. */
  excess: number;
};

const seq = z.coerce.number().int().min(0);

/** Which rows of the ledger are asked for. `since` is a `seq`: the rows after it. */
export const ledgerFilter = z.strictObject({
  manager: z.string().optional(),
  operation: z.string().optional(),
  reference: z.string().optional(),
  serviceRef: z.string().optional(),
  since: seq.default(0),
  limit: z.coerce.number().int().min(1).max(1_000_000).optional(),
});
export type LedgerFilter = z.output<typeof ledgerFilter>;
