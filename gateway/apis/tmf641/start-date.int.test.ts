import { afterAll, beforeAll, expect, test } from 'vitest';

import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { specsFolder } from '../../../ops/verify/testbed/specs-folder.ts';
import { startSystem, type System } from '../../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../../ops/verify/testbed/testbed.ts';
import {
  conformingClient,
  officialDocuments,
  ORDERS,
  type ConformingClient,
} from '../../conformance/conforming-client.ts';
import { inState, itemsOf, pathOf } from '../../conformance/reading.ts';
import { specsIn } from '../../conformance/specs.ts';

const folder = specsFolder();
const documents = folder === undefined ? {} : officialDocuments(specsIn(folder));

let testbed: Testbed;
let system: System;
let client: ConformingClient;

beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  client = conformingClient(system.request, documents);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const hour = 3_600_000;
/** An order for a line. */
async function place(more: JsonObject): Promise<string> {
  const service = {
    serviceSpecification: { id: 'broadband-access' },
    serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
  };
  const placed = await client.post(ORDERS, { ...more, serviceOrderItem: [{ id: '1', action: 'add', service }] });
  expect([placed.status, placed.body['state']]).toEqual([201, 'acknowledged']);
  return pathOf(placed);
}
async function waiting(requestedStartDate: string, more: JsonObject = {}): Promise<string> {
  const order = await place({ ...more, requestedStartDate });
  await client.until(order, inState('pending'));
  return order;
}

test('an order waits for its date, also while its worker is restarted, and starts then', async () => {
  const requestedStartDate = inMs(8_000);
  const order = await waiting(requestedStartDate);
  const { body } = await client.get(order);
  expect(body).not.toHaveProperty('startDate');
  expect(itemsOf(body)).toMatchObject([{ state: 'acknowledged' }]);
  await system.stop('service-ordering', 'service-inventory', 'activator');
  await system.start('service-ordering', 'service-inventory', 'activator');
  const completed = await client.until(order, inState('completed'));
  expect(Date.parse(String(completed['startDate']))).toBeGreaterThanOrEqual(Date.parse(requestedStartDate));
});

test('its date may be moved as long as it waits: later, to now, or taken away', async () => {
  const [moved, hurried, freed] = await Promise.all([waiting(inMs(hour)), waiting(inMs(hour)), waiting(inMs(hour))]);
  const later = inMs(2 * hour);
  const patched = await client.patch(moved, { requestedStartDate: later, note: [{ text: 'Not yet' }] });
  expect([patched.status, patched.body['requestedStartDate'], patched.body['state']]).toEqual([200, later, 'pending']);
  expect((await client.patch(hurried, { requestedStartDate: inMs(-1_000) })).status).toBe(200);
  const steps = { 'content-type': 'application/json-patch+json' };
  const removed = await client.patch(freed, [{ op: 'remove', path: '/requestedStartDate' }], steps);
  expect(removed.status).toBe(200);
  expect(await client.until(freed, inState('completed'))).not.toHaveProperty('requestedStartDate');
  const completed = await client.until(hurried, inState('completed'));
  expect((await client.get(moved)).body['state']).toBe('pending');
  const late = await client.patch(hurried, { requestedStartDate: later });
  expect([late.status, late.body['code']]).toEqual([409, 'orderEnded']);
  expect((await client.get(hurried)).body).toEqual(completed);
});

test('a date that has passed is no reason to wait, and one of a running order does not move', async () => {
  await system.stop('activator');
  const order = await place({ requestedStartDate: inMs(-hour) });
  await client.until(order, inState('inProgress'));
  const late = await client.patch(order, { requestedStartDate: inMs(hour) });
  await system.start('activator');
  expect([late.status, late.body['code']]).toEqual([409, 'orderStarted']);
  await client.until(order, inState('completed'));
});

test('it says when it is likely to be done once such orders have been seen, and warns when that is too late', async () => {
  await client.until(await place({}), inState('completed'));
  // What was observed is written down every now and then.
  await expect
    .poll(async () => (await system.sql`select 1 from service_ordering.duration`).length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  const start = inMs(hour);
  const order = await waiting(start, { requestedCompletionDate: inMs(1_000) });
  const { body } = await client.get(order);
  expect(Date.parse(String(body['expectedCompletionDate']))).toBeGreaterThanOrEqual(Date.parse(start));
  expect(body).toMatchObject({ jeopardyAlert: [{ jeopardyType: 'late' }] });
  const before = body['expectedCompletionDate'];
  const patched = await client.patch(order, { description: 'noted' });
  expect([patched.status, patched.body['expectedCompletionDate']]).toEqual([200, before]);
});
