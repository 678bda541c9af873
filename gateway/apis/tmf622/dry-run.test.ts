import { expect, test } from 'vitest';
import type { PlannedDelivery, PlannedProduct } from '../../../contracts/messages/order-management.ts';
import { productOrderPlanSchema, toQuestion, toShownPlan } from './dry-run.ts';

const uuid = (last: number) => `019f0000-0000-7000-8000-00000000000${last}`;
const because = {
  specification: { id: 'fiber', version: '1.0' },
  rule: '3',
  component: 'access',
  reasons: ['downMbps: characteristic rate, converted from Gbit/s'],
};
const delivery = (over: Partial<PlannedDelivery> = {}): PlannedDelivery => ({
  id: uuid(1),
  itemId: '1',
  productId: 'p',
  component: 'access',
  action: 'add',
  optional: false,
  serviceId: 's',
  serviceType: 'broadband',
  specification: { id: 'broadband-access', version: '1.0' },
  characteristics: { downMbps: 1000 },
  previous: {},
  standsOn: [],
  dependsOn: [],
  because,
  ...over,
});
const product: PlannedProduct = {
  id: 'p',
  itemId: '1',
  unit: 1,
  action: 'add',
  bundle: { productId: 'b', name: 'line' },
  optional: false,
  specification: { id: 'fiber', version: '1.0' },
  rule: '3',
  characteristics: { rate: 1 },
  status: 'active',
  components: [
    {
      ...{ name: 'access', serviceId: 's', serviceType: 'broadband', specification: { id: 'broadband-access' } },
      ...{ characteristics: { downMbps: 1000 }, standsOn: [], optional: false },
    },
  ],
};
const shownOf = (...deliveries: PlannedDelivery[]) =>
  productOrderPlanSchema.parse(toShownPlan({ plan: { products: [product], deliveries }, faults: [] }));

test('a plan says which products come about, by which rule, of what', () => {
  const { components: _realized, ...rest } = product;
  const plan = toShownPlan({ plan: { products: [product], deliveries: [] }, faults: [] });
  expect(productOrderPlanSchema.parse(plan)).toEqual(plan);
  expect(plan).toEqual({
    '@type': 'ProductOrderPlan',
    verdict: 'acceptable',
    faults: [],
    products: [{ ...rest, components: ['access'] }],
    serviceOrders: [],
    notPlanned: [],
  });
});

test('a plan says which service orders there would be, after which others, on what, and why', () => {
  const router = delivery({ id: uuid(2), component: 'router', dependsOn: [uuid(1)], standsOn: ['s', 'elsewhere'] });
  const [access, after] = shownOf(delivery(), router).serviceOrders;
  expect(access).toMatchObject({ component: 'access', characteristics: { downMbps: 1000 }, dependsOn: [], because });
  expect(access).not.toHaveProperty('changes');
  expect(after).toMatchObject({
    dependsOn: [{ id: uuid(1), component: 'access' }],
    standsOn: [{ serviceId: 's', component: 'access' }, { serviceId: 'elsewhere' }],
  });
});

test('of a modify it says what was there before, where that differs', () => {
  const modify = delivery({
    action: 'modify',
    characteristics: { same: [1], other: 2, added: 3 },
    previous: { same: [1], other: 1, gone: true },
  });
  expect(shownOf(modify).serviceOrders[0]?.changes).toEqual({ added: null, gone: true, other: 1 });
});

test('an order that would be rejected says why, by item', () => {
  const faults = [{ itemId: '1', failure: { code: 'unknownSpecification', reason: 'There is none.' } }];
  const plan = toShownPlan({ faults });
  expect(productOrderPlanSchema.parse(plan)).toEqual(plan);
  expect(plan).toMatchObject({
    verdict: 'rejected',
    faults: [{ itemId: '1', code: 'unknownSpecification', reason: 'There is none.' }],
    serviceOrders: [],
    notPlanned: [],
  });
});

test('faults beside a plan are of items that it says nothing of, and no reason to reject the order', () => {
  const faults = [{ itemId: '2', failure: { code: 'notPlannedAhead', reason: 'It depends.' } }];
  const plan = toShownPlan({ plan: { products: [product], deliveries: [delivery()] }, faults });
  expect(productOrderPlanSchema.parse(plan)).toEqual(plan);
  expect(plan).toMatchObject({
    verdict: 'acceptable',
    faults: [],
    products: [{ id: 'p' }],
    notPlanned: [{ itemId: '2', code: 'notPlannedAhead', reason: 'It depends.' }],
  });
});

test('parties and places do not travel with the question', () => {
  const party = { id: 'p' };
  const item = {
    ...{ itemId: 'a', action: 'add' as const, quantity: 1, dependsOn: [], characteristics: {}, relationships: [] },
    ...{ parties: [party], places: [{ id: 'here' }] },
  };
  const { body } = toQuestion({ id: uuid(1), orderDate: '2026-03-01T12:00:00Z', parties: [party], items: [item] });
  expect(body).toMatchObject({ order: { parties: [], items: [{ itemId: 'a', parties: [], places: [] }] } });
});
