/** Deliveries of product orders that are held, and what a person says about them with `patchbay fallout`. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { messageGivenUp } from '../../../contracts/messages/given-up.ts';
import { send } from '../../../contracts/messages/message.ts';
import { acceptServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import { orderManagementQueue, serviceOrderingQueue } from '../../../contracts/topology.ts';
import { transaction } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';
import { type System, sampleOrder, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { publishRules } from '../rules/publish.ts';
import { readHeldDeliveries } from './delivery.store.ts';

const patience = { timeout: 60_000, interval: 100 };
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let testbed: Testbed;
let system: System;
let scratch: string;
beforeAll(async () => {
  [testbed, scratch] = await Promise.all([createTestbed(), mkdtemp(join(tmpdir(), 'fallout-'))]);
  system = await startSystem(testbed);
  const cases = { any: [{ do: 'hold' as const }] };
  const policies = ['tv', 'broadband'].map((serviceType) => ({ serviceType, revision: 100, cases }));
  await publishRules(system.sql, [], policies);
  await vi.waitUntil(async () => {
    const taken = await system.sql`select 1 from order_management.recovery_policy where revision = 100`;
    return taken.length === policies.length;
  }, patience);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
  await rm(scratch, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const patchbay = (...args: string[]): Promise<Said> =>
  new Promise((resolve) => {
    const own = { DATABASE_URL: testbed.databaseUrl, AMQP_URL: testbed.amqpUrl, PATCHBAY_HOME: scratch };
    execFile(
      process.execPath,
      [join(import.meta.dirname, '../main.ts'), 'fallout', ...args],
      { env: { ...process.env, ...own }, timeout: 50_000 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    );
  });

const orders = '/tmf-api/productOrderingManagement/v4/productOrder';

async function place(order: unknown): Promise<string> {
  const answer = await system.request(orders, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  return ((await answer.json()) as { id: string }).id;
}

interface Shown {
  readonly state: string;
  readonly productOrderItem: readonly { readonly resultingProduct?: readonly { readonly id: string }[] }[];
}

const until = (id: string, state: string): Promise<Shown> =>
  vi.waitUntil(async () => {
    const order = (await (await system.request(`${orders}/${id}`)).json()) as Shown;
    return order.state === state ? order : undefined;
  }, patience);

const refuse = (manager: string, operation: string) =>
  system.network.add([{ id: manager, manager, operation, kind: 'refuse' }]);

/** An order that is held because the network refuses what it asks of this platform; it does no more. */
async function heldBy(sample: string, manager: string, operation: string, count = 1): Promise<string> {
  await refuse(manager, operation);
  const id = await place(await sampleOrder(`${sample}.product-order`));
  await until(id, 'held');
  await vi.waitUntil(async () => (await readHeldDeliveries(system.sql, id)).length === count, patience);
  await system.network.remove(manager);
  return id;
}

const audited = async (id: string) =>
  (
    await system.sql<{ verb: string; reason: string | null }[]>`
    select verb, reason from platform.audit where subject ->> 'orderId' = ${id} order by at, id`
  ).map(({ verb, reason }) => `${verb}: ${reason}`);

test('an optional delivery that is held is shown with its reason and its way, and can be left out', async () => {
  const id = await heldBy('home-bundle', 'iptv', 'open');
  const [list, listed, shown] = [await patchbay('list'), await patchbay('list', '--json'), await patchbay('show', id)];
  expect(list.out).toMatch(new RegExp(`${id} +subscription +add tv +recovery policy .*told to refuse`));
  expect(JSON.parse(listed.out)).toMatchObject([
    { orderId: id, component: 'subscription', heldBy: 'policy', optional: true, purpose: 'deliver' },
  ]);
  expect(shown.out).toMatch(/inProgress → failed/);
  expect(shown.out).toMatch(/→ held: refused: hold/);
  expect(shown.out).toContain('it goes on with retry, skip, fail');
  expect(await patchbay('skip', id, '--item', 'line')).toMatchObject({ code: 1 });
  expect(await patchbay('skip', id, '--reason', 'the customer agrees')).toMatchObject({ code: 0, err: '' });
  await until(id, 'partial');
  expect(await audited(id)).toEqual(['fallout skip: the customer agrees']);
  expect((await patchbay('list')).out).toBe('nothing is held\n');
});

test('a delivery is tried again with what a person put right', async () => {
  const id = await heldBy('home-bundle', 'iptv', 'open');
  const said = await patchbay('retry', id, '--set', 'recordingHours=7', '--json');
  expect(said).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(said.out)).toMatchObject({ verb: 'retry', taken: true, requested: { recordingHours: 7 } });
  await until(id, 'completed');
  const asked = await system.sql<{ requested: Record<string, unknown> }[]>`
    select doc -> 'command' -> 'requested' as requested from activation.activation
    where doc -> 'command' ->> 'serviceType' = 'tv' order by id`;
  expect(asked.some(({ requested }) => requested['recordingHours'] === 7)).toBe(true);
});

test('of several that are held one is named by its own id; what cannot be left out is refused, and given up takes its item back', async () => {
  const id = await heldBy('fiber', 'olt', 'reserve', 3);
  const [one] = await readHeldDeliveries(system.sql, id);
  const deliveryId = one?.deliveryId ?? '';
  expect(await patchbay('fail', id)).toMatchObject({ code: 1, err: expect.stringContaining(deliveryId) });
  expect(await patchbay('skip', deliveryId)).toMatchObject({
    code: 1,
    err: expect.stringContaining('access is not optional'),
  });
  expect(await patchbay('fail', deliveryId)).toMatchObject({ code: 0, err: '' });
  await until(id, 'failed');
  expect(await audited(id)).toEqual(['fallout skip: null', 'fallout fail: null']);
});

test('where a step of its service order is held, that is what the product order is held for, and shown once', async () => {
  const added = await place(await sampleOrder('fiber.product-order'));
  const product = (await until(added, 'completed')).productOrderItem[0]?.resultingProduct?.[0]?.id ?? '';
  await refuse('olt', 'clear');
  const id = await place({
    productOrderItem: [{ id: '1', action: 'delete', product: { id: product } }],
  });
  await until(id, 'held');
  await system.network.remove('olt');
  const [delivery] = await readHeldDeliveries(system.sql, id);
  expect(delivery).toMatchObject({ heldBy: 'serviceOrder', action: 'delete' });
  const listed = JSON.parse((await patchbay('list', '--json')).out) as unknown;
  expect(listed).toMatchObject([{ orderId: delivery?.serviceOrders[0], itemId: 'access' }]);
  expect(await patchbay('retry', id)).toMatchObject({ code: 0, err: '' });
  await until(id, 'completed');
});

test('where its service order was given up, that is what it is held for; tried again, it is placed again', async () => {
  await system.stop('service-ordering');
  const id = await place(await sampleOrder('fiber.product-order'));
  await until(id, 'inProgress');
  const placed = await system.sql<{ key: string }[]>`
    select one ->> 'serviceOrderId' as key
    from order_management.product_order, jsonb_array_elements(doc -> 'order' -> 'deliveries') one
    where product_order.id = ${id} and one ? 'serviceOrderId'`;
  const [{ key } = { key: '' }] = placed;
  const givenUp = send(messageGivenUp, {
    ...{ messageId: newId(), type: acceptServiceOrder.name, queue: serviceOrderingQueue, sender: orderManagementQueue },
    ...{ subject: id, key, awaited: false, code: 'TypeError', reason: 'It broke.', at: new Date().toISOString() },
  });
  await transaction(system.sql, (tx) => insertDue(tx, [publicationOf(givenUp, { correlationId: id })]));
  await until(id, 'held');
  const [list, shown] = [await patchbay('list'), await patchbay('show', id)];
  expect(list.out).toMatch(new RegExp(`${id} .*dead letter .*service-ordering gave up message`));
  expect(shown.out).toContain('or with its letter replayed');
  expect(await patchbay('retry', id)).toMatchObject({ code: 0, err: '' });
  await until(id, 'inProgress');
  await system.start('service-ordering');
  await until(id, 'completed');
});
