import CircuitBreaker from 'opossum';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../ops/platform/database.ts';
import type { Log } from '../../../ops/platform/log.ts';
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
  stop(): Promise<void>;
}

export function startBreaker(options: BreakerOptions): Breaker {
  const { platform, sql, log } = options;
  const abort = new AbortController();
  let fleet: Pick<FleetBreaker, 'state' | 'ageMs'> = { state: 'closed', ageMs: 0 };

  const counter = new CircuitBreaker(async (call: () => Promise<unknown>) => call(), {
    ...counting,
    // Timeouts are each call's own; opossum's would abort all calls in flight and free their places too early.
    timeout: false,
    // Its own half-open state is never reached: the fleet's probe decides.
    resetTimeout: 2_147_483_647,
    errorFilter: (error: unknown) => !options.isOutage(error),
  });
  counter.on('open', () => void trip('half of its calls failed'));

  async function trip(reason: string): Promise<void> {
    counter.close();
    try {
      if (await tripBreaker(sql, platform, reason))
        log.warn({ platform, reason }, 'breaker opened: the platform is held off');
      await look();
    } catch (error) {
      log.warn({ platform, error }, 'could not open the breaker for the fleet');
    }
  }

  async function look(): Promise<void> {
    const before = fleet.state;
    const [row] = await readBreakers(sql, [platform]);
    fleet = row ?? { state: 'closed', ageMs: 0 };
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
      try {
        return (await counter.fire(call)) as Result;
      } catch (error) {
        if (fleet.state === 'ramping' && options.isOutage(error)) await trip('it failed again while ramping up');
        throw error;
      }
    },
    async stop() {
      abort.abort();
      await watching;
      counter.shutdown();
    },
  };
}
