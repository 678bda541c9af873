/** How often and how far apart something is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * When to try again: exponential backoff with full jitter (any moment up to the bound, so that what failed together
 * does not return together).
 *
 * @param failures how often it failed so far, at least 1
 * @param random 0 <= random < 1
 * @returns milliseconds from now, or `exhausted`
 */
export function retryDelay(policy: RetryPolicy, failures: number, random: number): number | 'exhausted' {
  if (failures >= policy.attempts) return 'exhausted';
  const bound = Math.min(policy.capMs, policy.baseMs * 2 ** (failures - 1));
  return Math.ceil(bound * random);
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as policies write it: `250ms`, `30s`, `15m`, `1h`, `30d`. */
export type Duration = `${number}${keyof typeof units}`;

/** Milliseconds of a duration. */
export function milliseconds(duration: Duration): number {
  const [, amount, unit] = /^([\d.]+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  if (amount === undefined || unit === undefined) throw new RangeError(`not a duration: ${duration}`);
  return Number(amount) * units[unit as keyof typeof units];
}
