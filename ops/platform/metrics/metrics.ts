import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Everything a role process measures, by the conventions of Prometheus: base units, `_total` for counters, and labels
 * whose values are bounded (queues, message types, platforms, states; never an id). One registry per process, served at
 * `/metrics` of its health port. A batch's figures are told together, after its commit: what was rolled back never was.
 */
export const registry = new Registry();

const registers = [registry];
/** From a fresh message on an idle system to one that waited for a platform to come back. */
const waitBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800];
const workBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

export const messages = new Counter({
  name: 'patchbay_messages_total',
  help: 'Messages taken from a queue, by how they ended: done, retry, later, parked, deadLettered, unreadable, duplicate.',
  labelNames: ['queue', 'type', 'outcome'],
  registers,
});
export const messageAge = new Histogram({
  name: 'patchbay_message_age_seconds',
  help: 'Age of a message, from its publication to the start of its handling.',
  labelNames: ['queue'],
  buckets: waitBuckets,
  registers,
});
export const retriedAttempts = new Histogram({
  name: 'patchbay_retried_message_attempts',
  help: 'Tries that messages took which were not done at once, until they were done or given up.',
  labelNames: ['queue'],
  buckets: [2, 3, 5, 8, 13],
  registers,
});
export const decideSeconds = new Counter({
  name: 'patchbay_decide_seconds_total',
  help: 'Time spent deciding messages in memory; divided by patchbay_messages_total: seconds per message.',
  labelNames: ['queue', 'type'],
  registers,
});
export const batchSize = new Histogram({
  name: 'patchbay_batch_messages',
  help: 'Messages that shared a transaction.',
  labelNames: ['queue'],
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  registers,
});
export const batchDuration = new Histogram({
  name: 'patchbay_batch_duration_seconds',
  help: 'A transaction from its begin to its commit: what every message in it waits for.',
  labelNames: ['queue'],
  buckets: workBuckets,
  registers,
});
export const batchesRolledBack = new Counter({
  name: 'patchbay_batches_rolled_back_total',
  help: 'Transactions that did not commit and were tried again, whole or in halves.',
  labelNames: ['queue'],
  registers,
});
export const publishes = new Counter({
  name: 'patchbay_publishes_total',
  help: 'Messages brought to the broker: confirmed, returned (no queue took it) or failed (published again later).',
  labelNames: ['result'],
  registers,
});
export const orderDuration = new Histogram({
  name: 'patchbay_order_duration_seconds',
  help: 'Service orders from being accepted to their end state.',
  labelNames: ['state'],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 43_200, 259_200],
  registers,
});
export const platformCalls = new Histogram({
  name: 'patchbay_platform_call_duration_seconds',
  help: 'Calls to network platforms and read-backs of what became of one, by what came of them.',
  labelNames: ['platform', 'what', 'result'],
  buckets: workBuckets,
  registers,
});
export const httpRequests = new Histogram({
  name: 'patchbay_http_request_duration_seconds',
  help: 'Requests to the gateway.',
  labelNames: ['method', 'route', 'status'],
  buckets: workBuckets,
  registers,
});
export const logLinesDropped = new Counter({
  name: 'patchbay_log_lines_dropped_total',
  help: 'Log lines that could not be written (disk full, a pipe that nobody reads) and were dropped.',
  registers,
});

/** Gauges that are read where they are kept, when somebody asks for metrics: `readings.ts`. */
export const roleReady = new Gauge({
  name: 'patchbay_role_ready',
  help: '1 when the role can do its work.',
  labelNames: ['role'],
  registers,
});
export const outboxMessages = new Gauge({
  name: 'patchbay_outbox_messages',
  help: 'Messages committed and not yet confirmed by the broker, retries that wait included; counted up to 100,000.',
  registers,
});
export const outboxOldest = new Gauge({
  name: 'patchbay_outbox_oldest_age_seconds',
  help: 'Age of the oldest message whose time to be published has come.',
  registers,
});
export const outboxReturned = new Gauge({
  name: 'patchbay_outbox_returned_messages',
  help: 'Messages that no queue took: kept, and tried again.',
  registers,
});
export const breakerOpen = new Gauge({
  name: 'patchbay_breaker_open',
  help: 'The circuit breaker of a platform as the fleet sees it: 1 open, 0.5 ramping up, 0 closed.',
  labelNames: ['platform'],
  registers,
});
export const heldActivations = new Gauge({
  name: 'patchbay_held_activations',
  help: 'Order items that stand still until a person says how they go on.',
  labelNames: ['service_type'],
  registers,
});
export const openOrders = new Gauge({
  name: 'patchbay_open_orders',
  help: 'Service orders that have not ended, by state; of each state up to 10,000 are counted.',
  labelNames: ['state'],
  registers,
});
export const queueMessages = new Gauge({
  name: 'patchbay_queue_ready_messages',
  help: 'Messages that wait in a queue this process consumes; those already handed to a consumer are not counted.',
  labelNames: ['queue'],
  registers,
});
export const deadLetters = new Gauge({
  name: 'patchbay_dead_letters',
  help: 'Messages given up, waiting for a person, by the queue they came from.',
  labelNames: ['queue'],
  registers,
});
