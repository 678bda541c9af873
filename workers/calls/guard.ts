import type { Database } from '../../ops/platform/database.ts';
import type { Log } from '../../ops/platform/log.ts';
import { type Breaker, startBreaker } from './breaker.ts';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';
import { type Platform, isOutage } from './platform.ts';

/** What guards a platform in this process. */
export interface Guard {
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
}

/** A platform with what guards it in this process. */
export interface GuardedPlatform extends Guard {
  readonly platform: Platform;
  readonly url: string;
}

export interface GuardOptions {
  /** The platform's name: the fleet's breaker is by it. */
  readonly name: string;
  /** Calls at once, in this process, when the breaker is closed. */
  readonly concurrency: number;
  readonly sql: Database;
  readonly log: Log;
  /** One cheap read; throws when the platform does not answer. */
  readonly probe: () => Promise<void>;
  /** The breaker moved. */
  readonly moved: () => void;
  /** A place got free. */
  readonly freed: () => void;
}

/** Starts the breaker of a platform, with a bulkhead that ramps with it. */
export function startGuard({ name, concurrency, freed, ...watched }: GuardOptions): Guard {
  const breaker = startBreaker({ ...watched, platform: name, isOutage });
  const places = (): number => Math.max(breaker.isOpen() ? 0 : 1, Math.floor(concurrency * breaker.admitted()));
  return { breaker, bulkhead: createBulkhead(places, freed) };
}
