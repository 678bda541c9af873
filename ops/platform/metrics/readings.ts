import { setTimeout as sleep } from 'node:timers/promises';
import { collectDefaultMetrics } from 'prom-client';
import { serviceOrderStates } from '../../../contracts/states/service-order.ts';
import { deadLetterQueue } from '../../../contracts/topology.ts';
import type { BrokerConnection } from '../broker/connection.ts';
import { readDepths } from '../broker/depths.ts';
import type { Database } from '../database.ts';
import type { Log } from '../log.ts';
import * as metrics from './metrics.ts';
import { readCondition } from './readings.store.ts';

/** However often somebody asks, database and broker are asked no more often than this, unless told. */
const usuallyFreshMs = 5_000;
/** A scrape answers within its usual ten seconds even when the database or the broker does not. */
const usualPatienceMs = 2_000;

const endStates: readonly string[] = ['rejected', 'cancelled', 'completed', 'failed', 'partial'];
const openStates = serviceOrderStates.filter((state) => !endStates.includes(state));

const consumed = new Set<string>();

/** Has the depth of a queue, and of its dead letters, read with this process's metrics. Returns how that ends. */
export function watchQueue(queue: string): () => void {
  consumed.add(queue);
  return () => void consumed.delete(queue);
}

export interface ReadingsOptions {
  readonly sql: Database;
  readonly consuming: BrokerConnection;
  readonly log: Log;
  /** Whether each role of the process can do its work. */
  readonly ready: () => Readonly<Record<string, boolean>>;
  /** How long a reading of database and broker is told again. */
  readonly freshMs?: number;
  /** How long a scrape waits for them; what comes later is told to the next one. */
  readonly patienceMs?: number;
}

/**
 * The process's metrics in Prometheus' text format. What is kept in the database or the broker is read when asked for;
 * what cannot be read is left out rather than told as it was.
 */
export function createMetricsPage({
  sql,
  consuming,
  log,
  ready,
  freshMs = usuallyFreshMs,
  patienceMs = usualPatienceMs,
}: ReadingsOptions): () => Promise<string> {
  if (metrics.registry.getSingleMetric('process_cpu_seconds_total') === undefined)
    collectDefaultMetrics({ register: metrics.registry });
  forgetDatabase();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<unknown> | undefined;

  async function readDatabase(): Promise<void> {
    try {
      const { outbox, breakers, held, openOrders } = await readCondition(sql, openStates);
      forgetDatabase();
      metrics.outboxMessages.set(outbox.messages);
      metrics.outboxOldest.set(Math.max(0, outbox.oldestSeconds));
      metrics.outboxReturned.set(outbox.returned);
      for (const [platform, state] of Object.entries(breakers))
        metrics.breakerOpen.set({ platform }, state === 'open' ? 1 : state === 'ramping' ? 0.5 : 0);
      for (const [service_type, count] of Object.entries(held)) metrics.heldActivations.set({ service_type }, count);
      for (const [state, count] of Object.entries(openOrders)) metrics.openOrders.set({ state }, count);
    } catch (error) {
      forgetDatabase();
      log.debug({ error }, 'metrics of the database could not be read');
    }
  }

  async function readBroker(): Promise<void> {
    const queues = [...consumed];
    if (queues.length === 0) return;
    try {
      const depths = await readDepths(consuming, [...queues, ...queues.map(deadLetterQueue)]);
      forgetBroker();
      for (const queue of queues) {
        const ready = depths.get(queue);
        const dead = depths.get(deadLetterQueue(queue));
        if (ready !== undefined) metrics.queueMessages.set({ queue }, ready);
        if (dead !== undefined) metrics.deadLetters.set({ queue }, dead);
      }
    } catch (error) {
      forgetBroker();
      log.debug({ error }, 'metrics of the broker could not be read');
    }
  }

  return async () => {
    if (reading === undefined && performance.now() - readAt >= freshMs) {
      readAt = performance.now();
      reading = Promise.all([readDatabase(), readBroker()]).finally(() => (reading = undefined));
    }
    await Promise.race([reading, sleep(patienceMs, undefined, { ref: false })]);
    for (const [role, isReady] of Object.entries(ready())) metrics.roleReady.set({ role }, isReady ? 1 : 0);
    return metrics.registry.metrics();
  };
}

function forgetDatabase(): void {
  for (const gauge of [metrics.breakerOpen, metrics.heldActivations, metrics.openOrders]) gauge.reset();
  // Without labels, resetting means zero, which is not the same as not knowing.
  for (const gauge of [metrics.outboxMessages, metrics.outboxOldest, metrics.outboxReturned]) gauge.remove();
}

function forgetBroker(): void {
  for (const gauge of [metrics.queueMessages, metrics.deadLetters]) gauge.reset();
}
