import { describe, expect, test } from 'vitest';
import { type AcceptedProductOrder } from '../book.ts';
import type { LedgerSummary } from '../network-control.ts';
import { emptyPool, orderMix } from '../order-mix.ts';
import { expectProducts, standingProducts } from '../products/expected.ts';
import { calledOffMidway, disconnect, mobile, modify } from '../products/kinds.ts';
import { productKinds } from '../products/mix.ts';
import { productPool } from '../products/product-pool.ts';
import type { CancellationView, OrderView, ProductOrderView, ProductView, ServiceView } from '../tmf-views.ts';
import { effectsHappenedOnce } from './network.ts';
import { cancellationsAreRight, productsAreRight, productsAreServices } from './products.ts';
import { ordersEndedRight, servicesAreRight } from './right-ends.ts';

const plan = mobile('m', 20);
const accepted: AcceptedProductOrder = { id: 'order', plan };
const orderView: ProductOrderView = {
  id: 'order',
  externalId: 'm',
  state: 'completed',
  items: [{ id: 'mobile', state: 'completed', parts: [], products: ['plan'] }],
};
const serviceOrder: OrderView = {
  id: 'service-order',
  externalId: 'm',
  state: 'completed',
  items: [{ id: 'line', state: 'completed', service: { id: 'sim' } }],
};
const service: ServiceView = {
  id: 'sim',
  serviceType: 'mobile',
  state: 'active',
  serviceCharacteristic: [
    { name: 'dataMb', value: 21_000 },
    { name: 'roaming', value: 'world' },
  ],
  supportingService: [],
};
const product: ProductView = {
  id: 'plan',
  status: 'active',
  productSpecification: { id: 'mobile-plan' },
  productOrderItem: [{ productOrderId: 'order' }],
  realizingService: [{ id: 'sim', state: 'active' }],
};
const byId = <One extends { id: string }>(...all: One[]) => new Map(all.map((one) => [one.id, one]));
const seen = {
  orders: byId(serviceOrder),
  services: byId(service),
  productOrders: byId(orderView),
  products: byId(product),
};
const ledger = (...operations: string[]): LedgerSummary => ({
  references: operations.map((operation, at) => ({
    ...{ reference: `r${at}`, manager: 'hlr', operation, serviceRef: 'sim' },
    ...{ calls: 1, effects: 1, unknowns: 0, refusals: 0, excess: 0 },
  })),
  totals: { references: 0, calls: 0, effects: 0, unknowns: 0, refusals: 0, repeated: 0, excess: 0 },
});
const done = ledger('reserve', 'activate');

test('a product order that came to what it had to holds in every verdict', () => {
  const expected = expectProducts([accepted], seen, done);
  expect(ordersEndedRight(expected.orders, seen.productOrders, []).findings).toEqual([]);
  expect(productsAreRight(expected, seen.products).findings).toEqual([]);
  expect(productsAreServices(expected.services, seen).findings).toEqual([]);
  expect(servicesAreRight(expected.services, seen.services).findings).toEqual([]);
  expect(effectsHappenedOnce(expected.services, done).findings).toEqual([]);
  expect([...expected.serviceOrders]).toEqual(['service-order']);
  expect(standingProducts(expected)).toEqual([
    { id: 'plan', kind: 'mobile-plan', characteristics: { data: 21, zone: 'world' } },
  ]);
});

describe('TMF637 does not show products as ordered', () => {
  const findings = (over: Partial<typeof seen>) => {
    const views = { ...seen, ...over };
    return productsAreRight(expectProducts([accepted], views, done), views.products).findings;
  };
  const another: OrderView = {
    ...serviceOrder,
    id: 'o2',
    items: [{ id: 'line', state: 'completed', service: { id: 's2' } }],
  };
  test.each([
    ['a product is in another status', { products: byId({ ...product, status: 'pendingActive' }) }],
    ['there is one that nobody ordered', { products: byId(product, { ...product, id: 'p2' }) }],
    [
      'an order names two for one',
      {
        productOrders: byId({
          ...orderView,
          items: orderView.items.map((item) => ({ ...item, products: ['plan', 'p2'] })),
        }),
        products: byId(product, { ...product, id: 'p2' }),
      },
    ],
    ['an order came to no service', { orders: new Map() }],
    [
      'an order came to a service twice',
      { orders: byId(serviceOrder, another), services: byId(service, { ...service, id: 's2' }) },
    ],
  ])('when %s', (_how, over) => {
    expect(findings(over)).toHaveLength(1);
  });
});

describe('products do not agree with services', () => {
  const findings = (over: Partial<typeof seen>) => {
    const views = { ...seen, ...over };
    return productsAreServices(expectProducts([accepted], seen, done).services, views).findings;
  };
  test.each([
    ['a service is terminated behind its product', { services: byId({ ...service, state: 'terminated' }) }, 2],
    ['a service is of two products', { products: byId(product, { ...product, id: 'p2' }) }, 1],
    ['a service is of none', { products: new Map() }, 1],
    ['a terminated product has an active service', { products: byId({ ...product, status: 'terminated' }) }, 1],
  ])('when %s', (_how, over, count) => {
    expect(findings(over)).toHaveLength(count);
  });
});

test('an order that was called off is right either way, its network too, but not in between', () => {
  const calledOff: AcceptedProductOrder = { id: 'order', plan: { ...calledOffMidway('m', 1), key: 'm' } };
  const cancelled = {
    ...orderView,
    state: 'cancelled',
    items: [{ id: 'home', state: 'cancelled', parts: [], products: [] }],
  };
  const voice = { ...service, serviceType: 'voice', state: 'terminated' };
  const views = { ...seen, productOrders: byId(cancelled), services: byId(voice), products: new Map() };
  const found = (...operations: string[]) => {
    const { references, ...rest } = ledger(...operations);
    const happened = { ...rest, references: references.map((one) => ({ ...one, manager: 'ims' })) };
    const expected = expectProducts([calledOff], views, happened);
    expect(expected.astray).toEqual([]);
    expect(ordersEndedRight(expected.orders, views.productOrders, []).findings).toEqual([]);
    return effectsHappenedOnce(expected.services, happened).findings;
  };
  expect(found()).toEqual([]);
  expect(found('reserve', 'release')).toEqual([]);
  expect(found('reserve', 'provision', 'deprovision', 'release')).toEqual([]);
  expect(found('reserve', 'provision', 'release')).toHaveLength(1);
});

test('a cancellation says what became of its order, and none is cancelled unasked', () => {
  const task: CancellationView = { id: 'task', state: 'done', productOrder: { id: 'order' } };
  const cancelled = byId({ ...orderView, state: 'cancelled' });
  expect(cancellationsAreRight(cancelled, byId(task)).findings).toEqual([]);
  expect(cancellationsAreRight(byId(orderView), byId(task)).findings).toHaveLength(1);
  expect(cancellationsAreRight(cancelled, byId({ ...task, state: 'inProgress' })).findings).toHaveLength(1);
  expect(cancellationsAreRight(cancelled, new Map()).findings).toHaveLength(1);
});

test('what later orders do to a product adds up', () => {
  const [standing] = standingProducts(expectProducts([accepted], seen, done));
  if (standing === undefined) throw new Error('the plan stands');
  const orders = [modify('n', 1, standing), disconnect('d', standing)].map((one) => ({ id: one.key, plan: one }));
  const views = {
    ...seen,
    orders: byId(serviceOrder, ...['n', 'd'].map((key) => ({ ...serviceOrder, id: `${key}-1`, externalId: key }))),
    productOrders: byId(
      orderView,
      ...['n', 'd'].map((key) => ({
        ...orderView,
        id: key,
        items: [{ id: 'it', state: 'completed', parts: [], products: ['plan'] }],
      })),
    ),
  };
  const expected = expectProducts([accepted, ...orders], views, done);
  expect(expected.astray).toEqual([]);
  expect(expected.products.get('plan')).toMatchObject({ status: 'terminated' });
  expect(expected.services.get('sim')).toMatchObject({
    state: 'terminated',
    effects: ['hlr.reserve', 'hlr.activate', 'hlr.activate', 'hlr.deactivate', 'hlr.release'],
  });
});

test('two hundred product orders are of every kind and end, and no two alike', () => {
  const standing = (['fiber-1g', 'business-internet', 'home-bundle', 'mobile-plan'] as const).flatMap((kind) =>
    [1, 2, 3, 4].map((n) => ({ id: `${kind}-${n}`, kind, characteristics: {} })),
  );
  const orders = orderMix('mix', 200, { ...emptyPool, products: productPool(standing) }, 0, productKinds);
  expect(new Set(orders.map(({ key }) => key)).size).toBe(200);
  expect(new Set(orders.map(({ end }) => end))).toEqual(
    new Set(['completed', 'partial', 'failed', 'rejected', 'cancelled']),
  );
  expect(new Set(orders.flatMap(({ items }) => items.map(({ action }) => action)))).toEqual(
    new Set(['add', 'modify', 'delete']),
  );
});
