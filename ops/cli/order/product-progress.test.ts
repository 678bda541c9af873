import { expect, test } from 'vitest';
import type { ShownOrder, ShownProductOrder } from './gateway-client.ts';
import { isQuiet, productChanges, productIdsOf, productLines } from './product-progress.ts';

const order = (
  state: string,
  item: string,
  nested: string,
  over: Partial<ShownProductOrder> = {},
): ShownProductOrder => ({
  ...{ id: 'o', state, orderDate: '2027-01-04T12:00:00.000Z' },
  productOrderItem: [
    {
      ...{ id: 'home', action: 'add', state: item, product: { productSpecification: { id: 'home-bundle' } } },
      productOrderItem: [{ id: 'telephone', action: 'add', state: nested }],
    },
  ],
  ...over,
});
const service = (component: string, state: string, over: Partial<ShownOrder> = {}): ShownOrder => ({
  ...{ id: `so-${component}`, state },
  serviceOrderItem: [{ id: component, action: 'add', state, service: { serviceType: 'voice' } }],
  ...over,
});

test('the first look shows everything, later ones what changed, and a service order its id once', () => {
  const first = { order: order('acknowledged', 'acknowledged', 'acknowledged'), serviceOrders: [] };
  const second = {
    order: order('inProgress', 'inProgress', 'acknowledged'),
    serviceOrders: [service('line', 'acknowledged')],
  };
  const third = {
    order: second.order,
    serviceOrders: [service('more', 'acknowledged'), service('line', 'inProgress')],
  };
  expect(productChanges(undefined, first)).toEqual([
    'order                acknowledged',
    'item home            acknowledged add  home-bundle',
    'item telephone       acknowledged add',
  ]);
  expect(productChanges(first, second)).toEqual([
    'order                inProgress',
    'item home            inProgress   add  home-bundle',
    'service line         acknowledged add  voice  service order so-line',
  ]);
  expect(productChanges(second, third)).toEqual([
    'service line         inProgress   add  voice',
    'service more         acknowledged add  voice  service order so-more',
  ]);
  expect(productChanges(third, third)).toEqual([]);
});

test('why is said with what it explains: an item by its note, a service order by its failure or jeopardy', () => {
  const before = { order: order('inProgress', 'inProgress', 'inProgress'), serviceOrders: [] };
  const note = [{ id: 'standing-item-home', text: 'Item "home": waits for a person.' }];
  const now = {
    order: order('held', 'held', 'inProgress', { note }),
    serviceOrders: [
      service('line', 'failed', { errorMessage: [{ reason: 'No port.' }] }),
      service('more', 'held', { jeopardyAlert: [{ message: 'softswitch does not answer' }] }),
    ],
  };
  expect(productChanges(before, now)).toEqual([
    'order                held',
    'item home            held         add  home-bundle  Item "home": waits for a person.',
    'service line         failed       add  voice  service order so-line  No port.',
    'service more         held         add  voice  service order so-more  softswitch does not answer',
  ]);
});

test('an order is done being watched when its service orders have ended too', () => {
  const ended = order('completed', 'completed', 'completed');
  expect(isQuiet({ order: ended, serviceOrders: [service('line', 'inProgress')] })).toBe(false);
  expect(isQuiet({ order: ended, serviceOrders: [service('line', 'completed')] })).toBe(true);
  expect(isQuiet({ order: order('held', 'held', 'held'), serviceOrders: [] })).toBe(false);
});

test('its products are those its items name and came to, each once, with what they lack', () => {
  const changed = order('completed', 'completed', 'completed');
  const [item] = changed.productOrderItem;
  if (item === undefined) throw new Error('no item');
  const came = { ...item, product: { id: 'p' }, resultingProduct: [{ id: 'p' }, { id: 'q' }] };
  expect(productIdsOf({ ...changed, productOrderItem: [came] })).toEqual(['p', 'q']);
  expect(
    productLines([
      { id: 'p', status: 'active', name: 'Home', productSpecification: { id: 'home-bundle' } },
      { id: 'q', status: 'pendingActive', missingComponent: ['recording'] },
    ]),
  ).toEqual([
    'product              active       p  home-bundle  Home',
    'product              pendingActive q  without recording',
  ]);
});
