import type { Breaker } from './breaker.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { Platform } from './platform.ts';

/** A platform with what guards it in this process. */
export interface GuardedPlatform {
  readonly platform: Platform;
  readonly url: string;
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
}

/** What of a lease is kept back: an intent that cannot be called and answered before it ends is left to the next holder. */
export const leaseMarginMs = 5_000;
