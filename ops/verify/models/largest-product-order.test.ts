import { expect, test } from 'vitest';
import { decompositionRule, type DecompositionRule } from '../../../contracts/messages/decomposition.ts';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import {
  acceptProductOrder,
  productOrderChanged,
  productOrderPlanned,
} from '../../../contracts/messages/order-management.ts';
import {
  type ClaimProducts,
  type ProductsClaimed,
  type RecordProducts,
  claimProducts,
  productsClaimed,
  productsRecorded,
  recordProducts,
} from '../../../contracts/messages/product-inventory.ts';
import { type ServiceOrderRequest, acceptServiceOrder } from '../../../contracts/messages/service-ordering.ts';
import { MAX_ORDER_PRODUCTS } from '../../../contracts/tmf/product-order-bounds.ts';
import { productOrderCreate } from '../../../contracts/tmf/tmf622.ts';
import { toRequest } from '../../../gateway/apis/tmf622/translate.ts';
import { MAX_BODY_BYTES } from '../../../gateway/tmf630/body.ts';
import { onStanding } from '../../../workers/order-management/deliver/facts.decide.ts';
import type { Effects, OrderState } from '../../../workers/order-management/order.state.ts';
import { tools } from '../../../workers/order-management/orders.fixture.ts';
import { dryRun } from '../../../workers/order-management/receive/plan.decide.ts';
import {
  accept,
  onProductsClaimed,
  onProductsRecorded,
} from '../../../workers/order-management/receive/receive.decide.ts';
import { claimAll } from '../../../workers/product-inventory/claims.decide.ts';
import { type Entry, keyOf } from '../../../workers/product-inventory/product.state.ts';
import { record } from '../../../workers/product-inventory/record.decide.ts';

/** DESIGN, "Sizes are bounded at the door": what every message that comes of an order fits under. */
const largestMessage = 256 * 1024;
const now = new Date('2026-03-01T12:00:00.000Z');
const turn = { now, cause: 'a test', tools };

const text = { valueType: 'string' as const, required: false };
const rule = (id: string, file: object): DecompositionRule =>
  decompositionRule.parse({
    specification: { id, version: '1.0' },
    version: '1',
    revision: 1,
    lifecycleStatus: 'active',
    name: id,
    ...file,
  });
const service = (name: string) => ({
  name,
  serviceType: name,
  specification: { id: name, version: '1.0' },
  characteristics: { label: { from: 'label' } },
});
const rules = [
  rule('line', { characteristics: [{ name: 'label', ...text }], services: [service('access')] }),
  rule('site', {
    services: [{ ...service('building'), characteristics: {} }],
    products: [{ name: 'line', specification: { id: 'line' } }],
  }),
];

type Json = Record<string, unknown>;
const bytesOf = (json: unknown): number => Buffer.byteLength(JSON.stringify(json));
const many = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const order = (items: readonly Json[]): Json => ({ productOrderItem: items });
const line = (id: string, product: Json, over: Json = {}): Json => ({
  id,
  action: 'add',
  product: { productSpecification: { id: 'line' }, ...product },
  ...over,
});
/** Parties of about so many bytes, in an alphabet of three bytes a letter. */
const parties = (bytes: number): Json => ({
  relatedParty: [{ id: 'p', '@referredType': 'Organization', name: '界'.repeat(Math.floor(bytes / 3)) }],
});
const labelled = (bytes: number): Json => ({
  productCharacteristic: [{ name: 'label', value: 'x'.repeat(bytes) }],
});

/** Product orders one after another with the real decisions of order management and the product inventory. */
function aWorld() {
  const inventory = new Map<string, Entry>();
  const sizes: Record<string, number> = {};
  let orders = 0;

  function place(body: Json): OrderState {
    expect(bytesOf(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
    orders += 1;
    const id = `019f0000-0000-7000-8000-${String(orders).padStart(12, '0')}`;
    const request = toRequest(productOrderCreate.parse(body), id, now);
    const queue: Outgoing[] = [];
    let state: OrderState | undefined;
    const weigh = (name: string, sent: unknown): void => {
      sizes[name] = Math.max(sizes[name] ?? 0, bytesOf(sent));
    };
    const managed = ({ save = [], send = [] }: Effects): void => {
      state = save.at(-1) ?? state;
      queue.push(...send);
    };
    const kept = (effects: ReturnType<typeof record>): void => {
      if ('code' in effects) throw new Error(effects.reason);
      for (const entry of effects.save ?? []) if (entry.kind !== 'service') inventory.set(keyOf(entry), entry);
      queue.push(...(effects.send ?? []));
    };
    const get = (key: string): Entry | undefined => inventory.get(key);

    weigh(acceptProductOrder.name, { order: request });
    weigh(productOrderPlanned.name, { commandId: id, orderId: id, ...dryRun(request, rules, tools) });
    managed(accept(undefined, request, { rules, policies: [] }, turn));
    for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
      const { definition, body: sent } = message;
      weigh(definition.name, sent);
      if (definition.name === claimProducts.name) kept(claimAll(get, sent as ClaimProducts, now));
      else if (definition.name === recordProducts.name) kept(record(get, sent as RecordProducts, now));
      else if (definition.name === productsClaimed.name)
        managed(onProductsClaimed(state, sent as ProductsClaimed, rules, turn));
      else if (definition.name === productsRecorded.name)
        managed(onProductsRecorded(state, (sent as { number: number }).number, turn));
      else if (definition.name === acceptServiceOrder.name) {
        const { id: serviceOrderId, requestedBy } = (sent as { order: ServiceOrderRequest }).order;
        const { deliveryId = '' } = requestedBy ?? {};
        managed(onStanding(state, { deliveryId, serviceOrderId, revision: 1, state: 'completed' }, turn));
      }
    }
    if (state === undefined) throw new Error('nothing was accepted');
    return state;
  }
  return { place, sizes };
}

function expectFits({ sizes }: ReturnType<typeof aWorld>): void {
  expect(Object.keys(sizes)).toContain(productOrderChanged.name);
  for (const [name, bytes] of Object.entries(sizes)) expect.soft(bytes, name).toBeLessThan(largestMessage);
}

/** The most bytes with which an order is still taken on: what is said of one product, as often as there are products. */
function mostAccepted(make: (bytes: number) => Json): Json {
  let [least, most] = [0, MAX_BODY_BYTES];
  while (most - least > 32) {
    const middle = Math.ceil((least + most) / 2);
    const body = make(middle);
    const taken = bytesOf(body) <= MAX_BODY_BYTES && aWorld().place(body).order.stage === 'completed';
    if (taken) least = middle;
    else most = middle - 1;
  }
  expect(least).toBeGreaterThan(0);
  return make(least);
}

const everyItem = many(MAX_ORDER_PRODUCTS).map((at) => at.toString(36));

test.each<[string, (bytes: number) => Json]>([
  ['one item of two hundred units', (bytes) => order([line('a', parties(bytes), { quantity: MAX_ORDER_PRODUCTS })])],
  ['one item of two units', (bytes) => order([line('a', parties(bytes), { quantity: 2 })])],
  ['two hundred items', (bytes) => order(everyItem.map((id) => line(id, parties(bytes))))],
  [
    'two hundred units and what they are called',
    (bytes) => order([line('a', labelled(bytes), { quantity: MAX_ORDER_PRODUCTS })]),
  ],
  ['one product with a long label', (bytes) => order([line('a', labelled(bytes))])],
  [
    'bundles whose parts are where the bundle is',
    (bytes) =>
      order([
        line('a', { ...parties(bytes), productSpecification: { id: 'site' } }, { quantity: MAX_ORDER_PRODUCTS / 4 }),
      ]),
  ],
])('every message of the largest order there may be fits: %s', (_, make) => {
  const world = aWorld();
  expect(world.place(mostAccepted(make)).order.stage).toBe('completed');
  expectFits(world);
});

test('one that is larger by its quantity is rejected, and says what to do', () => {
  const world = aWorld();
  const { order: rejected } = world.place(order([line('a', parties(60_000), { quantity: 5 })]));
  expect(rejected).toMatchObject({
    stage: 'rejected',
    failure: {
      code: 'planTooLarge',
      reason: expect.stringMatching(
        /^Item "a": It comes to \d+ KiB of products and service orders, more than 232 KiB; order less at once\.$/,
      ),
    },
  });
  expectFits(world);
});

test.each(['modify', 'delete'])('changes of products with more said of each than fits: %s', (action) => {
  const world = aWorld();
  const ids = many(20).flatMap(() =>
    world.place(order([line('a', parties(60_000))])).plan?.products.map(({ id }) => id),
  );
  const changed = world.place(order(ids.map((id, at) => ({ id: String(at), action, product: { id } }))));
  expect(changed.order.stage).toBe('completed');
  expectFits(world);
});

test('products that are too long themselves are not changed by one order', () => {
  const world = aWorld();
  const ids = many(5).flatMap(() =>
    world.place(order([line('a', labelled(40_000))])).plan?.products.map(({ id }) => id),
  );
  const change = (some: typeof ids) =>
    world.place(order(some.map((id, at) => ({ id: String(at), action: 'delete', product: { id } })))).order;
  expect(change(ids)).toMatchObject({
    stage: 'rejected',
    failure: { code: 'productsTooLarge', reason: expect.stringContaining('order less at once') },
  });
  for (const id of ids) expect(change([id]).stage).toBe('completed');
  expectFits(world);
});
