import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Outgoing } from '../../contracts/messages/message.ts';
import { send } from '../../contracts/messages/message.ts';
import {
  type Product,
  claimProducts,
  createProduct,
  deleteProduct,
  emitProducts,
  recordProducts,
  replaceProduct,
} from '../../contracts/messages/product-inventory.ts';
import { type Service, serviceChanged } from '../../contracts/messages/service-inventory.ts';
import { commandExchange, deadLetterQueue, eventExchange, productInventoryQueue } from '../../contracts/topology.ts';
import { type Workbench, createWorkbench, soon } from '../../ops/verify/testbed/workbench.ts';
import type { RunningRole } from '../../ops/platform/messaging/role.ts';
import { aChange, aComponent, aDraft, aRecord, aWrite, anAdd } from './products.fixture.ts';
import { startProductInventory } from './worker.ts';

let bench: Workbench;
let role: RunningRole;
/** Everything that leaves the inventory, as it comes. */
const heard: { type: string; answers: string | undefined; body: Record<string, unknown> }[] = [];

beforeAll(async () => {
  bench = await createWorkbench();
  const channel = await bench.channel();
  await channel.assertQueue('listener', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue('listener', eventExchange, 'product-inventory.#');
  await channel.bindQueue('listener', commandExchange, 'order-management');
  await channel.bindQueue('listener', commandExchange, 'service-inventory');
  await channel.consume(
    'listener',
    (message) => {
      if (message === null) return;
      const envelope = JSON.parse(String(message.properties.headers?.['patchbay'] ?? '{}')) as { answers?: string };
      heard.push({
        type: String(message.properties.type),
        answers: envelope.answers,
        body: JSON.parse(message.content.toString()),
      });
    },
    { noAck: true },
  );
  role = startProductInventory(bench.role('http://127.0.0.1:1'));
});
afterAll(async () => {
  await role.stop();
  await bench.close();
});

const tell = (message: Outgoing) => bench.publish(message);
const bodies = (verb: string, about: string) =>
  heard
    .filter(({ type, body }) => type.includes(`.${verb}.`) && JSON.stringify(body).includes(about))
    .map(({ body }) => body);
/** Waits until so many messages of that kind about that were heard, and gives them. */
const hear = (verb: string, about: string, count = 1) =>
  vi.waitUntil(() => bodies(verb, about).length >= count && bodies(verb, about), soon);
const product = async (id: string, revision: number): Promise<Product> =>
  vi.waitUntil(
    () =>
      bodies('product-changed', `"id":"${id}"`)
        .map((body) => body['product'] as Product)
        .find((one) => one.id === id && one.revision === revision),
    soon,
  );
const claim = (orderId: string, ...claims: ReturnType<typeof aChange>[]) => send(claimProducts, { orderId, claims });
const record = (orderId: string, number: number, release: boolean, ...products: ReturnType<typeof aRecord>[]) =>
  send(recordProducts, { orderId, number, release, products });
const service = (id: string, revision: number, over: Partial<Service> = {}) =>
  send(serviceChanged, {
    deleted: false,
    service: {
      id,
      revision,
      state: 'active',
      operatingStatus: 'active',
      characteristics: {},
      supportingServices: [],
      resources: [],
      parties: [],
      places: [],
      orderItems: [],
      serviceDate: '2026-03-01T12:00:00.000Z',
      updatedAt: '2026-03-01T12:00:00.000Z',
      activated: true,
      claim: null,
      ...over,
    },
  });

test('a bundle is added, lives, is looked after, and ends; what comes twice or late does nothing', async () => {
  await tell(claim('A', anAdd('home', { draft: aDraft({ isBundle: true }) })));
  expect(await hear('products-claimed', '"A"')).toEqual([{ verdict: 'claimed', orderId: 'A', products: [] }]);
  expect(await product('home', 1)).toMatchObject({ status: 'created', claim: { orderId: 'A' } });

  const taken = record(
    'A',
    1,
    false,
    aRecord({ productId: 'home', action: 'add', status: 'pendingActive' }),
    aRecord({
      productId: 'home tv',
      draft: aDraft({ bundle: { productId: 'home', name: 'tv' } }),
      action: 'add',
      status: 'pendingActive',
      components: [aComponent('tv line')],
    }),
  );
  await tell(taken);
  await tell(taken);
  expect(await hear('products-recorded', '"A"', 2)).toEqual([1, 1].map((number) => ({ orderId: 'A', number })));
  await tell(service('tv line', 4));
  await tell(record('A', 2, true, ...['home', 'home tv'].map((productId) => aRecord({ productId, status: 'active' }))));
  expect(await product('home', 3)).toMatchObject({ status: 'active', claim: null });
  expect(await product('home tv', 2)).toMatchObject({
    status: 'active',
    components: [{ serviceId: 'tv line', service: { revision: 4 } }],
  });

  // Late: for the order is over.
  await tell(claim('A', anAdd('home', { draft: aDraft({ isBundle: true }) })));
  await tell(taken);
  await tell(service('tv line', 5, { operatingStatus: 'suspended' }));
  expect(await product('home tv', 3)).toMatchObject({ status: 'suspended', claim: null });
  expect(await product('home', 4)).toMatchObject({ status: 'suspended', claim: null });
  await tell(service('tv line', 3));
  await tell(service('tv line', 6));
  expect(await product('home', 5)).toMatchObject({ status: 'active' });

  await tell(service('tv line', 7, { operatingStatus: 'degraded' }));
  expect(await hear('correct-service', 'home tv')).toMatchObject([
    {
      productId: 'home tv',
      revision: 7,
      component: { serviceId: 'tv line', service: { operatingStatus: 'degraded' } },
    },
  ]);
  await bench.sql`update product_inventory.product set due_at = now() where id = 'home tv'`;
  expect(await hear('correct-service', 'home tv', 2)).toMatchObject([{ revision: 7 }, { revision: 7 }]);

  await tell(claim('B', aChange('home', { action: 'delete' })));
  await tell(claim('C', aChange('home tv')));
  expect(await hear('products-claimed', '"B"')).toMatchObject([{ products: [{ id: 'home' }, { id: 'home tv' }] }]);
  expect(await hear('products-claimed', '"C"')).toMatchObject([
    {
      verdict: 'refused',
      refusals: [{ failure: { code: 'productBusy', reason: expect.stringContaining('order B') } }],
    },
  ]);
  await tell(
    record('B', 1, true, ...['home', 'home tv'].map((productId) => aRecord({ productId, status: 'terminated' }))),
  );
  await hear('products-recorded', '"B"');
  const ends = bodies('product-changed', 'home')
    .map((body) => body['product'] as Product)
    .flatMap(({ id, status }) => (status === 'terminated' ? [id] : []));
  expect(ends).toEqual(['home tv', 'home']);
  expect(bodies('products-claimed', '"A"').filter(({ orderId }) => orderId === 'A')).toHaveLength(1);
});

test('a product is written from outside, shown again, refused what orders decide, and deleted', async () => {
  const answerTo = async (message: Outgoing) => {
    const id = await bench.publish(message, {
      envelope: { correlationId: 'x', attempt: 1, failures: 0, awaited: true },
    });
    return vi.waitUntil(() => heard.find(({ answers }) => answers === id), soon);
  };
  expect(await answerTo(send(createProduct, { id: 'own', write: aWrite() }))).toMatchObject({
    body: { product: { id: 'own', revision: 1 }, deleted: false },
  });
  const renamed = send(replaceProduct, { id: 'own', expectedRevision: 1, write: aWrite({ name: 'New' }) });
  expect(await answerTo(renamed)).toMatchObject({ body: { product: { name: 'New', revision: 2 } } });
  expect(await answerTo(renamed)).toMatchObject({ body: { kind: 'stale', id: 'own' } });
  await tell(claim('D', aChange('own')));
  await hear('products-claimed', '"D"');
  expect(await answerTo(send(deleteProduct, { id: 'own' }))).toMatchObject({ body: { code: 'productBusy' } });
  await tell(record('D', 1, true));
  await hear('products-recorded', '"D"');
  expect(await answerTo(send(deleteProduct, { id: 'own' }))).toMatchObject({ body: { deleted: true } });
  const before = bodies('product-changed', '"own"').length;
  await tell(send(emitProducts, { after: null, limit: 1 }));
  await hear('product-changed', '"own"', before + 1);
});

test('a record that contradicts the inventory is for a person', async () => {
  await tell(claim('E', anAdd('odd')));
  await tell(record('E', 1, true, aRecord({ productId: 'nobody' })));
  const channel = await bench.channel();
  const letter = await vi.waitUntil(() => channel.get(deadLetterQueue(productInventoryQueue), { noAck: true }), soon);
  expect(letter.properties.headers).toMatchObject({ 'error-code': 'unknownProduct' });
  await channel.close();
});
