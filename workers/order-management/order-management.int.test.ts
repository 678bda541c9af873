import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { messageGivenUp } from '../../contracts/messages/given-up.ts';
import { send } from '../../contracts/messages/message.ts';
import { acceptServiceOrder } from '../../contracts/messages/service-ordering.ts';
import { orderManagementQueue, serviceOrderingQueue } from '../../contracts/topology.ts';
import { transaction } from '../../ops/platform/database.ts';
import { newId } from '../../ops/platform/ids.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import { insertDue } from '../../ops/platform/messaging/message.store.ts';
import { type System, sampleOrder, startSystem } from '../../ops/verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../ops/verify/testbed/testbed.ts';

/** Product orders through the whole fleet: gateway, product inventory, service ordering, activators and the network. */
let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
}, 60_000);
afterAll(async () => {
  await system.close();
  await testbed.close();
});

const orders = '/tmf-api/productOrderingManagement/v4';
const products = '/tmf-api/productInventory/v4/product';
const services = '/tmf-api/serviceInventory/v4/service';
const soon = { timeout: 30_000, interval: 50 };

type Json = Record<string, unknown>;
interface Order {
  id: string;
  state: string;
  productOrderItem: { id: string; state: string; product?: { id?: string } }[];
}

async function ask<Answer>(path: string, body?: Json, method = body === undefined ? 'GET' : 'POST'): Promise<Answer> {
  const answer = await system.request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
const place = (...items: readonly Json[]) => ask<Order>(`${orders}/productOrder`, { productOrderItem: items });
const addFiber = (over: Json = {}): Json => ({
  id: '1',
  action: 'add',
  product: {
    productSpecification: { id: 'fiber-1g', version: '1.0' },
    productCharacteristic: [{ name: 'speed', valueType: 'integer', value: 1 }],
  },
  ...over,
});
const remove = (id: string): Json => ({ id: '1', action: 'delete', product: { id } });

async function ended({ id }: Order, state: string): Promise<Order> {
  const ends = new Set(['completed', 'partial', 'failed', 'cancelled', 'rejected']);
  const order = await vi.waitUntil(async () => {
    const seen = await ask<Order>(`${orders}/productOrder/${id}`);
    return ends.has(seen.state) ? seen : undefined;
  }, soon);
  expect(order.state).toBe(state);
  return order;
}
const statusOf = async (id: string) => (await ask<{ status: string }>(`${products}/${id}`)).status;
const productsOf = async ({ id }: Order) => {
  const [row] = await system.sql<{ ids: string[] }[]>`
    select array(select jsonb_array_elements(doc -> 'plan' -> 'products') ->> 'id') as ids
    from order_management.product_order where id = ${id}`;
  return row?.ids ?? [];
};
const servicesOf = async ({ id }: Order) => {
  const rows = await system.sql<{ id: string }[]>`
    select one ->> 'serviceId' as id from order_management.product_order, jsonb_array_elements(doc -> 'order' -> 'deliveries') one
    where product_order.id = ${id}`;
  return Promise.all(rows.map(async (row) => (await ask<{ state: string }>(`${services}/${row.id}`)).state));
};
const heldOnNetwork = async () =>
  Object.values(await system.network.holdings()).reduce((sum, held) => sum + Object.keys(held).length, 0);

describe('an order', () => {
  test('of three units ends completed, each an active product with its services; disconnected, nothing is left', async () => {
    const order = await ended(await place(addFiber({ quantity: 3 })), 'completed');
    const ids = await productsOf(order);
    expect(ids).toHaveLength(3);
    for (const id of ids) expect(await vi.waitUntil(async () => (await statusOf(id)) === 'active', soon)).toBe(true);
    expect(new Set(await servicesOf(order))).toEqual(new Set(['active']));
    const gone = await Promise.all(
      (await Promise.all(ids.map((id) => place(remove(id))))).map((one) => ended(one, 'completed')),
    );
    for (const id of ids) expect(await statusOf(id)).toBe('terminated');
    for (const one of gone) expect(new Set(await servicesOf(one))).toEqual(new Set(['terminated']));
    expect(await heldOnNetwork()).toBe(0);
  });

  test('for a bundle delivers its parts in turn; disconnected as one, both inventories are terminated', async () => {
    const sample = await sampleOrder('home-bundle.product-order');
    const order = await ended(await ask<Order>(`${orders}/productOrder`, sample), 'completed');
    const [bundle = '', ...parts] = await productsOf(order);
    expect(parts.length).toBeGreaterThan(0);
    for (const id of [bundle, ...parts]) expect(await statusOf(id)).toBe('active');
    expect(new Set(await servicesOf(order))).toEqual(new Set(['active']));
    await ended(await place(remove(bundle)), 'completed');
    for (const id of [bundle, ...parts]) expect(await statusOf(id)).toBe('terminated');
    expect(new Set(await servicesOf(order))).toEqual(new Set(['terminated']));
    expect(await heldOnNetwork()).toBe(0);
  });

  test('has what caused each of its stages written down', async () => {
    const order = await ended(await place(addFiber()), 'completed');
    const [row] = await system.sql<{ audit: { about: string; to: string; cause: string; at: string }[] }[]>`
      select doc -> 'audit' as audit from order_management.product_order where id = ${order.id}`;
    const stages = row?.audit.filter(({ about }) => about === 'order') ?? [];
    expect(stages.map(({ to }) => to)).toEqual(['received', 'validated', 'decomposed', 'inProgress', 'completed']);
    expect(stages.map(({ cause }) => cause.split('.')[0])).toEqual([
      'order-management',
      'order-management',
      'product-inventory',
      'product-inventory',
      'product-inventory',
    ]);
    for (const { cause } of row?.audit ?? []) expect(cause).toMatch(/ [0-9a-f-]{36}$/u);
    for (const id of await productsOf(order)) await ended(await place(remove(id)), 'completed');
  });

  test('for what is not in any rule is rejected', async () => {
    const order = await place(addFiber({ product: { productSpecification: { id: 'nothing' } } }));
    const { productOrderItem } = await ended(order, 'rejected');
    expect(productOrderItem.map(({ state }) => state)).toEqual(['rejected']);
  });

  test('that is amended too late is followed by another', async () => {
    await system.network.add([{ id: 'slow', manager: 'olt', operation: '*', kind: 'latency', params: { ms: 400 } }]);
    const order = await place(addFiber());
    const path = `${orders}/productOrder/${order.id}`;
    await vi.waitUntil(async () => (await ask<Order>(path)).state === 'inProgress', soon);
    const change = [{ name: 'upSpeed', valueType: 'number', value: 0.25 }];
    const product = { productSpecification: { id: 'fiber-1g', version: '1.0' }, productCharacteristic: change };
    await ask(`${path}?whenStarted=followUp`, { productOrderItem: [addFiber({ product })] }, 'PATCH');
    await system.network.remove('slow');
    await ended(order, 'completed');
    const kept = async () => {
      const [row] = await system.sql<{ named: string[]; waits: unknown[] }[]>`
        select doc -> 'order' -> 'followUps' as named, doc -> 'followUps' as waits
        from order_management.product_order where id = ${order.id}`;
      return row;
    };
    await vi.waitFor(async () => expect((await kept())?.waits).toEqual([]), soon);
    const [id = ''] = (await kept())?.named ?? [];
    // It is there a moment before it is shown.
    await vi.waitFor(() => ask(`${orders}/productOrder/${id}`), soon);
    await ended({ ...order, id }, 'completed');
    for (const one of await productsOf(order)) await ended(await place(remove(one)), 'completed');
  });

  test('is held, and says why, when its service order is given up, until service ordering takes it after all', async () => {
    await system.stop('service-ordering');
    const order = await place(addFiber());
    const path = `${orders}/productOrder/${order.id}`;
    await vi.waitUntil(async () => (await ask<Order>(path)).state === 'inProgress', soon);
    const [row] = await system.sql<{ key: string }[]>`
      select doc #>> '{order,deliveries,0,serviceOrderId}' as key from order_management.product_order where id = ${order.id}`;
    const givenUp = send(messageGivenUp, {
      ...{
        messageId: newId(),
        type: acceptServiceOrder.name,
        queue: serviceOrderingQueue,
        sender: orderManagementQueue,
      },
      ...{ subject: order.id, key: row?.key, awaited: false, code: 'TypeError', reason: 'It broke.' },
      at: new Date().toISOString(),
    });
    await transaction(system.sql, (tx) => insertDue(tx, [publicationOf(givenUp, { correlationId: order.id })]));
    await vi.waitUntil(async () => (await ask<Order>(path)).state === 'held', soon);
    expect(JSON.stringify(await ask(path))).toContain('service-ordering gave up message');
    await system.start('service-ordering');
    await ended(order, 'completed');
    for (const id of await productsOf(order)) await ended(await place(remove(id)), 'completed');
  });
});

describe('cancelling', () => {
  test('an order that waits for its date leaves nothing', async () => {
    const requestedStartDate = new Date(Date.now() + 3_600_000).toISOString();
    const order = await ask<Order>(`${orders}/productOrder`, { requestedStartDate, productOrderItem: [addFiber()] });
    await vi.waitUntil(async () => (await ask<Order>(`${orders}/productOrder/${order.id}`)).state === 'pending', soon);
    await ask(`${orders}/cancelProductOrder`, {
      productOrder: { id: order.id },
      cancellationReason: 'changed my mind',
    });
    const { productOrderItem } = await ended(order, 'cancelled');
    expect(productOrderItem.map(({ state }) => state)).toEqual(['cancelled']);
  });

  test('an order in flight takes back what it did', async () => {
    const before = await heldOnNetwork();
    await system.network.add([{ id: 'slow', manager: 'olt', operation: '*', kind: 'latency', params: { ms: 400 } }]);
    const order = await place(addFiber());
    await vi.waitUntil(
      async () => (await ask<Order>(`${orders}/productOrder/${order.id}`)).state === 'inProgress',
      soon,
    );
    const task = await ask<{ id: string }>(`${orders}/cancelProductOrder`, { productOrder: { id: order.id } });
    await ended(order, 'cancelled');
    await system.network.remove('slow');
    // The task is another view than the order's, written with its own event.
    const taskState = async () => (await ask<{ state: string }>(`${orders}/cancelProductOrder/${task.id}`)).state;
    await vi.waitFor(async () => expect(await taskState()).toBe('done'), soon);
    for (const id of await productsOf(order)) expect(await statusOf(id)).toBe('cancelled');
    expect(await heldOnNetwork()).toBe(before);
  });
});
