import CircuitBreaker from 'opossum';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../ops/platform/database.ts';
import type { Log } from '../../ops/platform/log.ts';
import { type Ramp, whyOpen } from './breaker.decide.ts';
import {
  type FleetBreaker,
  closeBreaker,
  leaseProbe,
  postponeProbe,
  readBreakers,
  startRamp,
  tripBreaker,
} from './breaker.store.ts';

/** Outages in a row of calls before a process trips the fleet's breaker: more than half of at least five within ten seconds. */
const counting = {
  errorThresholdPercentage: 50,
  volumeThreshold: 5,
  rollingCountTimeout: 10_000,
  rollingCountBuckets: 10,
};
/** From the first answer to full traffic. */
const rampMs = 10_000;
const pollMs = 500;
/**
 * What fails when a platform goes down fails together: so long after an outage, unless an answer comes in between, the breaker may still
 * open because of it. With a call's timeout and its wait for a place it must fit into a lease.
 */
const verdictMs = 1_500;

export interface BreakerOptions {
  readonly platform: string;
  readonly sql: Database;
  readonly log: Log;
  /** One cheap read; throws when the platform does not answer. */
  readonly probe: () => Promise<void>;
  /** True for an error that is an outage; a refusal is not. */
  readonly isOutage: (error: unknown) => boolean;
  /** The state moved: pause, resume, look for room. */
  readonly moved: () => void;
}

/**
 * A platform's circuit breaker, shared by the fleet: opossum counts in this process and trips the one row; every
 * process obeys the row, one of them probes, and traffic comes back by a ramp.
 */
export interface Breaker {
  readonly platform: string;
  isOpen(): boolean;
  /** The share of full traffic let in now: 0 open, 1 closed, between while ramping. */
  admitted(): number;
  /** Runs a call and counts it. Throws what the call throws. */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** After an outage: true when the platform is held off, or is within a moment. Then the outage is the breaker's, no attempt's. */
  heldOff(): Promise<boolean>;
  stop(): Promise<void>;
}

export function startBreaker(options: BreakerOptions): Breaker {
  const { platform, sql, log } = options;
  const abort = new AbortController();
  let fleet: Pick<FleetBreaker, 'state' | 'ageMs'> = { state: 'closed', ageMs: 0 };

  let counter = freshCounter();
  let ramp: Ramp = { outages: 0, answers: 0 };
  let inARow = 0;
  let lastAnswerAt = performance.now();

  /** A new one after each trip: what failed before it says nothing about the platform after it. */
  function freshCounter() {
    const fresh = new CircuitBreaker(async (call: () => Promise<unknown>) => call(), {
      ...counting,
      // Timeouts are each call's own; opossum's would abort all calls in flight and free their places too early.
      timeout: false,
      // Its own half-open state is never reached: the fleet's probe decides.
      resetTimeout: 2_147_483_647,
      errorFilter: (error: unknown) => !options.isOutage(error),
    });
    fresh.on('open', () => {
      if (fresh === counter) void trip('half of its calls failed');
    });
    return fresh;
  }

  async function trip(reason: string): Promise<void> {
    counter.shutdown();
    counter = freshCounter();
    inARow = 0;
    try {
      if (await tripBreaker(sql, platform, reason))
        log.warn({ platform, reason }, 'breaker opened: the platform is held off');
      await look();
    } catch (error) {
      log.warn({ platform, error }, 'could not open the breaker for the fleet');
    }
  }

  function answered(begun: Ramp): void {
    begun.answers += 1;
    inARow = 0;
    lastAnswerAt = performance.now();
  }

  async function outage(begun: Ramp): Promise<void> {
    begun.outages += 1;
    inARow += 1;
    const reason = whyOpen({
      ...{ state: fleet.state, inARow, silentMs: performance.now() - lastAnswerAt },
      // A call that began before the ramp says nothing about it.
      ramp: begun === ramp ? ramp : undefined,
    });
    if (reason !== undefined) await trip(reason);
  }

  async function look(): Promise<void> {
    const before = fleet.state;
    const [row] = await readBreakers(sql, [platform]);
    fleet = row ?? { state: 'closed', ageMs: 0 };
    if (fleet.state === 'ramping' && before !== 'ramping') ramp = { outages: 0, answers: 0 };
    if (fleet.state === 'ramping' && fleet.ageMs >= rampMs) await closeBreaker(sql, platform);
    if (fleet.state !== 'closed' || before !== 'closed') options.moved();
  }

  async function probe(): Promise<void> {
    if (fleet.state !== 'open' || !(await leaseProbe(sql, platform))) return;
    try {
      await options.probe();
      log.info({ platform }, 'the platform answers again: traffic ramps up');
      await startRamp(sql, platform);
    } catch (error) {
      log.debug({ platform, error }, 'the platform does not answer yet');
      await postponeProbe(sql, platform);
    }
    await look();
  }

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        await look();
        await probe();
      } catch (error) {
        log.debug({ platform, error }, "cannot read the fleet's breaker");
      }
      await sleep(pollMs, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  }
  const watching = watch();

  return {
    platform,
    isOpen: () => fleet.state === 'open',
    admitted: () => (fleet.state === 'open' ? 0 : fleet.state === 'closed' ? 1 : Math.min(1, fleet.ageMs / rampMs)),
    async run<Result>(call: () => Promise<Result>) {
      const begun = ramp;
      try {
        const result = (await counter.fire(call)) as Result;
        answered(begun);
        return result;
      } catch (error) {
        if (options.isOutage(error)) await outage(begun);
        else answered(begun);
        throw error;
      }
    },
    async heldOff() {
      const failedAt = performance.now();
      const isUndecided = () => fleet.state !== 'open' && lastAnswerAt < failedAt;
      while (isUndecided() && performance.now() < failedAt + verdictMs) await sleep(20);
      return fleet.state === 'open';
    },
    async stop() {
      abort.abort();
      await watching;
      counter.shutdown();
    },
  };
}
