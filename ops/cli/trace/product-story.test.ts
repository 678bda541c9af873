import { expect, test } from 'vitest';
import type { ProductRecords } from './product.store.ts';
import { openDeliveries, placedOf, stagesOf } from './product-story.ts';

const noon = '2027-01-04T12:00:00.000Z';
const entry = (from: string, to: string, why?: string): ProductRecords['audit'][number] => ({
  ...{ at: noon, about: 'order', from, to, cause: 'order-management.accept-product-order.v1 m' },
  ...(why === undefined ? {} : { why }),
});
const whole = [
  entry('', 'received', 'receive'),
  entry('received', 'validated', 'map: 1 rules are pinned'),
  entry('validated', 'decomposed', 'decompose: 1 products, 2 service orders'),
  { ...entry('planned', 'acknowledged', 'submit: is about a delivery'), about: 'line' },
  entry('decomposed', 'inProgress', 'submit: line is the first service order'),
];

type Delivery = ProductRecords['order']['deliveries'][number];
const delivery = (id: string, component: string, state: Delivery['state'], over: Partial<Delivery> = {}): Delivery => ({
  ...{ id, component, state, itemId: '1', productId: 'p', serviceId: `s-${id}`, serviceType: 'voice' },
  ...{ purpose: 'deliver', attempt: 0, ...over },
});
const records = (over: Partial<ProductRecords['order']> = {}, audit = whole): ProductRecords => ({
  order: {
    ...{
      state: 'inProgress',
      stage: 'inProgress',
      deliveries: [],
      items: { 1: { state: 'inProgress', products: [] } },
    },
    rules: [{ specification: { id: 'voice-line', version: '1.0' }, version: '2' }],
    ...over,
  },
  ...{ work: {}, audit, products: [] },
});
const posted = { at: new Date(noon), what: 'POST /productOrder' };
const told = (of: ProductRecords, request: typeof posted | undefined = posted): string[] =>
  stagesOf(of, request).map(({ stage, by, what }) => `${stage} ${by}: ${what}`);

test('an order goes through five stages: the gateway tells of two, the audit of three', () => {
  expect(told(records())).toEqual([
    'receive gateway: POST /productOrder',
    "translate gateway: TMF622 to order management's words: 1 item",
    'map order-management: 1 rules are pinned: voice-line 1.0 rule 2',
    'decompose order-management: 1 products, 2 service orders',
    'submit order-management: line is the first service order',
  ]);
});

test('an order that nobody posted is received by order management', () => {
  expect(stagesOf(records({}, whole.slice(0, 2)), undefined).map(({ stage, by }) => `${stage} ${by}`)).toEqual([
    'receive order-management',
    'map order-management',
  ]);
});

test('an order that is turned away is so at the stage it does not get through', () => {
  const failure = { code: 'noRule', reason: 'No rule.' };
  const atOnce = records({ failure, rules: [] }, [...whole.slice(0, 1), entry('received', 'rejected')]);
  expect(told(atOnce).slice(2)).toEqual(['map order-management: rejected: No rule.']);
  expect(stagesOf(atOnce, undefined).map(({ stage }) => stage)).toEqual(['receive', 'map']);
  const later = records({ failure }, [...whole.slice(0, 2), entry('validated', 'rejected')]);
  expect(told(later).slice(3)).toEqual(['decompose order-management: rejected: No rule.']);
});

test('service orders are named for their component, numbered where several have the same, each attempt one', () => {
  const of = records({ deliveries: [delivery('a', 'access', 'completed'), delivery('b', 'access', 'planned')] });
  const work = { a: { serviceOrders: ['a', 'a1'] }, b: { serviceOrders: ['b'] } };
  expect(placedOf({ ...of, work }, (id) => (id === 'a' ? 'failed' : undefined))).toEqual([
    { id: 'a', item: 'access #1', serviceType: 'voice', state: 'failed' },
    { id: 'a1', item: 'access #1', serviceType: 'voice', state: 'completed' },
    { id: 'b', item: 'access #2', serviceType: 'voice', state: 'planned' },
  ]);
});

test('what is open says what it waits for, unless the steps of its service order do', () => {
  const deliveries = [
    delivery('a', 'a', 'completed'),
    delivery('b', 'b', 'waiting'),
    delivery('c', 'c', 'held', { failure: { code: 'x', reason: 'No port.' } }),
    delivery('d', 'd', 'inProgress', { serviceOrderId: 'told' }),
    delivery('e', 'e', 'pending', { serviceOrderId: 'so-e' }),
    delivery('f', 'f', 'planned'),
  ];
  const work = { b: { serviceOrders: [], waitUntil: noon }, c: { serviceOrders: [], heldHere: true } };
  expect(openDeliveries({ ...records({ deliveries }), work }, new Set(['told']))).toEqual([
    { item: 'b', what: 'to be tried again', until: noon },
    { item: 'c', what: 'held until a person says how it goes on (patchbay fallout)', reason: 'No port.' },
    { item: 'e', what: 'service order so-e is pending' },
    { item: 'f', what: 'its turn has not come' },
  ]);
  expect(openDeliveries(records({ state: 'failed', deliveries }), new Set())).toEqual([]);
});
