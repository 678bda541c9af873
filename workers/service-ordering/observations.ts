import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../ops/platform/database.ts';
import type { Log } from '../../ops/platform/log.ts';
import { orderDuration } from '../../ops/platform/metrics/metrics.ts';
import { type Observation, addDurations } from './duration.store.ts';
import type { OrderState } from './order.state.ts';

/** Averages move slowly; one write for many items. */
const writeEveryMs = 2_000;

/**
 * Watches how long items take and keeps the averages. What a crash loses is a few observations of many.
 */
export interface Observations {
  /** Called with what was saved, after the commit. */
  committed(states: readonly OrderState[]): void;
  stop(): Promise<void>;
}

export function startObservations(sql: Database, log: Log): Observations {
  const abort = new AbortController();
  let seen: Observation[] = [];

  async function write(): Promise<void> {
    const observed = seen;
    seen = [];
    try {
      await addDurations(sql, observed);
    } catch (error) {
      log.debug({ error }, 'durations of items were not recorded');
    }
  }

  async function keepWriting(): Promise<void> {
    while (!abort.signal.aborted) {
      await sleep(writeEveryMs, undefined, { signal: abort.signal }).catch(() => undefined);
      await write();
    }
  }
  const writing = keepWriting();

  return {
    committed(states) {
      for (const state of states) {
        timeEnded(state);
        seen.push(...justCompleted(state));
      }
    },
    async stop() {
      abort.abort();
      await writing;
    },
  };
}

/** Once: an order is changed for the last time by what ends it, unless somebody amends it afterwards. */
function timeEnded({ order: { state, request, completedAt, updatedAt } }: OrderState): void {
  if (completedAt === undefined || completedAt !== updatedAt) return;
  orderDuration.observe({ state }, Math.max(0, Date.parse(completedAt) - Date.parse(request.orderDate)) / 1_000);
}

/** Items that this revision of their order completed. */
const justCompleted = ({ order }: OrderState): Observation[] =>
  order.request.items.flatMap(({ itemId, action }) => {
    const { state, serviceType, startedAt, endedAt } = order.progress[itemId] ?? {};
    if (state !== 'completed' || serviceType === undefined || startedAt === undefined) return [];
    return endedAt === order.updatedAt
      ? [{ serviceType, action, ms: Date.parse(endedAt) - Date.parse(startedAt) }]
      : [];
  });
