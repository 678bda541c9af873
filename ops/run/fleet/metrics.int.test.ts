import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectBroker } from '../../platform/broker/connection.ts';
import { createLog } from '../../platform/log.ts';
import { createMetricsPage } from '../../platform/metrics/readings.ts';
import { type System, sampleOrder, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { soon } from '../../verify/testbed/workbench.ts';

const orders = '/tmf-api/serviceOrdering/v4/serviceOrder';
let testbed: Testbed;
let system: System;
let page: () => Promise<string>;
let rarelyRead: () => Promise<string>;

beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  const log = createLog('test', 'silent');
  const consuming = await connectBroker(testbed.amqpUrl, 'test measures', log);
  const dependencies = {
    patienceMs: 30_000,
    sql: system.sql,
    consuming,
    log,
    ready: () => ({ 'service-ordering': true, projector: false }),
  };
  page = createMetricsPage({ ...dependencies, freshMs: 0 });
  rarelyRead = createMetricsPage({ ...dependencies, freshMs: 3_600_000 });
  await vi.waitUntil(async () => (await page()).includes('patchbay_dead_letters{'), soon);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

/** The value of the one sample that has this name and these labels. */
function sample(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const found = lines.filter((line) =>
    Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)),
  );
  if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} is not one sample: ${found.join(' ')}`);
  return found[0] === undefined ? undefined : Number(found[0].split(' ').at(-1));
}

async function completed(): Promise<void> {
  const answer = await system.request(orders, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(await sampleOrder('business-internet')),
  });
  const { id } = (await answer.json()) as { id: string };
  await vi.waitUntil(async () => {
    const order = (await (await system.request(`${orders}/${id}`)).json()) as { state: string };
    return order.state === 'completed';
  }, soon);
}

test('an order shows in the metrics of everything it went through', async () => {
  await system.network.add([{ manager: 'ipam', operation: 'allocate', kind: 'lost-answer', count: 1 }]);
  await completed();
  const text = await page();
  const accept = { queue: 'service-ordering', type: 'service-ordering.accept-service-order.v1', outcome: 'done' };
  expect(sample(text, 'patchbay_messages_total', accept)).toBe(1);
  expect(sample(text, 'patchbay_message_age_seconds_count', { queue: 'activator.broadband' })).toBe(1);
  expect(sample(text, 'patchbay_batch_messages_sum', { queue: 'service-ordering' })).toBeGreaterThan(4);
  expect(sample(text, 'patchbay_order_duration_seconds_count', { state: 'completed' })).toBe(1);
  const call = { platform: 'ipam', what: 'call' };
  expect(sample(text, 'patchbay_platform_call_duration_seconds_count', { ...call, result: 'unknown' })).toBe(1);
  const read = { platform: 'ipam', what: 'read', result: 'landed' };
  expect(sample(text, 'patchbay_platform_call_duration_seconds_count', read)).toBe(1);
  const request = { method: 'POST', route: orders, status: '201' };
  expect(sample(text, 'patchbay_http_request_duration_seconds_count', request)).toBe(1);
  expect(sample(text, 'patchbay_publishes_total', { result: 'confirmed' })).toBeGreaterThan(10);
  expect(sample(text, 'patchbay_dead_letters', { queue: 'activator.broadband' })).toBe(0);
  expect(sample(text, 'patchbay_queue_ready_messages', { queue: 'service-ordering' })).toBe(0);
  expect(sample(text, 'patchbay_role_ready', { role: 'service-ordering' })).toBe(1);
  expect(sample(text, 'patchbay_role_ready', { role: 'projector' })).toBe(0);
  expect(sample(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
});

test('no label carries an id', async () => {
  await completed();
  await system.request(`${orders}/01a20a4d-c717-721d-8509-5c150b449841`);
  await system.request('/nothing/01a20a4d-c717-721d-8509-5c150b449841');
  const text = await page();
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
  expect(sample(text, 'patchbay_http_request_duration_seconds_count', { route: 'none', status: '404' })).toBe(1);
});

test('what is held, late, returned or held off is read from the database', async () => {
  const { sql } = system;
  expect(sample(await page(), 'patchbay_outbox_returned_messages')).toBe(0);
  await sql`
    insert into platform.message (message_id, queue, attempt, exchange, routing_key, type, headers, body, created_at, due_at, returned_at, return_text)
    values (gen_random_uuid(), 'x', 1, '', 'x', 'x', '{}', '{}', now() - interval '5 minutes', now() + interval '9 seconds', null, null),
           (gen_random_uuid(), 'x', 1, '', 'x', 'x', '{}', '{}', now() - interval '9 minutes', now() + interval '1 hour', null, null),
           (gen_random_uuid(), 'x', 1, '', 'x', 'x', '{}', '{}', now() - interval '7 minutes', now() + interval '1 hour', now(), 'no queue is bound for it')`;
  await sql`insert into platform.breaker (platform, state, probe_at) values ('olt-x', 'open', now() + interval '1 hour')`;
  await sql`
    insert into activation.activation (id, business_key, service_type, revision, phase, doc)
    values (gen_random_uuid(), 'k', 'broadband', 1, 'stalled', '{}')`;
  const text = await page();
  expect(sample(text, 'patchbay_outbox_messages')).toBeGreaterThanOrEqual(3);
  // A retry that waits for its time, and what no queue took, are not late.
  const oldest = sample(text, 'patchbay_outbox_oldest_age_seconds') ?? 0;
  expect(oldest).toBeGreaterThanOrEqual(300);
  expect(oldest).toBeLessThan(420);
  expect(sample(text, 'patchbay_outbox_returned_messages')).toBe(1);
  expect(sample(text, 'patchbay_breaker_open', { platform: 'olt-x' })).toBe(1);
  expect(sample(text, 'patchbay_held_activations', { service_type: 'broadband' })).toBe(1);
  expect(sample(text, 'patchbay_open_orders', { state: 'held' })).toBe(0);
});

test('however often somebody asks, database and broker are asked once in a while', async () => {
  const before = sample(await rarelyRead(), 'patchbay_breaker_open', { platform: 'late' });
  await system.sql`insert into platform.breaker (platform, state) values ('late', 'ramping')`;
  expect(sample(await rarelyRead(), 'patchbay_breaker_open', { platform: 'late' })).toBe(before);
  expect(sample(await page(), 'patchbay_breaker_open', { platform: 'late' })).toBe(0.5);
});

test('what the database does not tell is left out, not told as it was', async () => {
  const gone = system.database(testbed.databaseUrl.replace(/\/[^/]*$/, '/nowhere'));
  const log = createLog('test', 'silent');
  const consuming = await connectBroker(testbed.amqpUrl, 'test measures', log);
  const blind = createMetricsPage({ sql: gone, consuming, log, ready: () => ({}), freshMs: 0, patienceMs: 30_000 });
  expect(sample(await page(), 'patchbay_outbox_messages')).toBeGreaterThan(0);
  const text = await blind();
  expect(sample(text, 'patchbay_outbox_messages')).toBeUndefined();
  expect(sample(text, 'patchbay_open_orders', { state: 'held' })).toBeUndefined();
  await consuming.close();
});
