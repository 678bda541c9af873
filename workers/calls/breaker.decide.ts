/** How the fleet stands to a platform: calls it, holds it off, or comes back to it by a ramp. */
export type BreakerState = 'closed' | 'open' | 'ramping';

/** Calls that began since traffic ramps up. */
export interface Ramp {
  outages: number;
  answers: number;
}

/** What a process has seen of a platform when a call of its own was an outage. */
export interface Seen {
  readonly state: BreakerState;
  /** Outages since the last answer, this one included. */
  readonly inARow: number;
  readonly silentMs: number;
  /** Undefined when the call began before the ramp. */
  readonly ramp: Readonly<Ramp> | undefined;
}

/**
 * Where thousands of calls were answered a moment ago, half of them is long in coming: so many outages in a row open it at once. A
 * platform that fails one call in three has so many about once in ten thousand calls.
 */
const outagesInARow = 8;
/** A platform with little traffic: so many outages in a row, and no answer for so long, open it too. */
const quiet = { outages: 3, ms: 2_000 };
/** While traffic ramps up, so many outages, and more of them than answers, open it again: a platform that fails now and then gets through. */
const rampOutages = 2;

/**
 * Whether an outage opens the breaker, beside opossum's count of half of the calls: that one is slow where traffic was high, and never
 * comes where it is low.
 *
 * @returns the reason; undefined when it does not
 */
export function whyOpen({ state, inARow, silentMs, ramp }: Seen): string | undefined {
  switch (state) {
    case 'open':
      return undefined;
    case 'closed': {
      const isSilent = inARow >= quiet.outages && silentMs >= quiet.ms;
      return isSilent || inARow >= outagesInARow ? 'it does not answer' : undefined;
    }
    case 'ramping': {
      const isDown = ramp !== undefined && ramp.outages >= rampOutages && ramp.outages > ramp.answers;
      return isDown ? 'it failed again while ramping up' : undefined;
    }
    default:
      return state satisfies never;
  }
}
