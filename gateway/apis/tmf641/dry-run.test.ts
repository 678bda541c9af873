import { expect, test } from 'vitest';
import type { PlannedItem, ServiceOrderPlan } from '../../../contracts/messages/service-planning.ts';
import { serviceOrderPlanSchema, toQuestion, toShownPlan } from './dry-run.ts';

const item = (over: Partial<PlannedItem> = {}): PlannedItem => ({
  itemId: 'a',
  action: 'add',
  state: 'inProgress',
  serviceType: 'ethernet-access',
  characteristics: { mbps: 10, site: 'x' },
  defaults: [],
  waitsFor: { items: [], orders: [] },
  supporting: [],
  steps: [
    { step: 'order-port', direction: 'apply', platform: 'partner' },
    { step: 'test-line', direction: 'apply', platform: 'probe' },
  ],
  leftOut: [],
  ...over,
});
const plan = (...items: readonly PlannedItem[]): ServiceOrderPlan => ({
  verdict: 'acceptable',
  state: 'inProgress',
  warnings: [],
  items: [...items],
  activators: [
    {
      serviceType: 'ethernet-access',
      pointOfNoReturn: 'order-port',
      partial: 'keep',
      steps: [
        {
          name: 'order-port',
          platform: 'partner',
          uses: ['mbps', 'colour'],
          optional: false,
          milestone: 'Ordered.',
          external: { deadlineMs: 3_600_000, pollMs: 60_000 },
        },
        { name: 'test-line', platform: 'probe', optional: true },
      ],
    },
  ],
});
const shown = (...items: readonly PlannedItem[]) => serviceOrderPlanSchema.parse(toShownPlan(plan(...items))).items;

test('a step is shown with what its activator declares of it and the values it works from', () => {
  const [one] = shown(item());
  expect([one?.activator, one?.partial]).toEqual(['ethernet-access', 'keep']);
  expect(one?.steps).toEqual([
    {
      name: 'order-port',
      direction: 'apply',
      platform: 'partner',
      values: { mbps: 10 },
      optional: false,
      pointOfNoReturn: true,
      milestone: 'Ordered.',
      external: { deadlineSeconds: 3_600, pollSeconds: 60 },
    },
    {
      name: 'test-line',
      direction: 'apply',
      platform: 'probe',
      values: { mbps: 10, site: 'x' },
      optional: true,
      pointOfNoReturn: false,
    },
  ]);
});

test('a delete waits for no outside system, and cannot be called off once its first step is called', () => {
  const steps = ['test-line', 'order-port'].map((step) => ({ step, direction: 'undo' as const, platform: 'p' }));
  const [one] = shown(item({ action: 'delete', steps }));
  expect(one?.steps.map(({ pointOfNoReturn }) => pointOfNoReturn)).toEqual([true, false]);
  expect(one?.steps.map(({ values, external, optional }) => [values, external, optional])).toEqual([
    [{}, undefined, false],
    [{}, undefined, false],
  ]);
  expect(one?.partial).toBeUndefined();
});

test('an item stands on the services of the items it waits for, and on those it names', () => {
  const waitsFor = { items: ['a', 'n'], orders: [] };
  const items = shown(
    item(),
    item({ itemId: 'n', action: 'noChange' }),
    item({ itemId: 'b', waitsFor, supporting: [{ serviceId: 's', serviceType: 'broadband' }], expectedMs: 1_234.5 }),
  );
  expect(items[2]?.standsOn).toEqual([
    { itemId: 'a', serviceType: 'ethernet-access' },
    { serviceId: 's', serviceType: 'broadband' },
  ]);
  expect(items[2]?.expectedSeconds).toBe(1.235);
});

test('the rule of a specification is given with its sentence', () => {
  const specification = { id: 'x', version: '1', name: 'X', rule: 'named' as const };
  expect(shown(item({ specification }))[0]?.specification).toEqual({
    ...specification,
    why: 'The order names this version.',
  });
});

test('parties and places do not travel with the question', () => {
  const party = { id: 'p' };
  const { body } = toQuestion({
    id: '019f0000-0000-7000-8000-000000000001',
    orderDate: '2026-03-01T12:00:00Z',
    parties: [party],
    items: [
      {
        itemId: 'a',
        action: 'add',
        dependsOn: [],
        serviceId: 's',
        serviceNamed: false,
        characteristics: {},
        supportingServices: [],
        parties: [party],
        places: [{ id: 'here' }],
      },
    ],
  });
  expect(body).toMatchObject({ order: { parties: [], items: [{ parties: [], places: [] }] } });
});
