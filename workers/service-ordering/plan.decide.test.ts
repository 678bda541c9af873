import { describe, expect, test } from 'vitest';
import type { ActivateItem } from '../../contracts/messages/activation.ts';
import type { ServiceSpecification } from '../../contracts/messages/service-catalog.ts';
import type { ClaimVerdict } from '../../contracts/messages/service-inventory.ts';
import type { RequestedItem, ServiceOrderRequest } from '../../contracts/messages/service-ordering.ts';
import type { ServicesDescribed } from '../../contracts/messages/service-planning.ts';
import {
  aService,
  aSpecification,
  accepted,
  after,
  anItem,
  anOrder,
  granted,
  lived,
  noon,
  refused,
  verdicts,
} from './orders.fixture.ts';
import { type PlannedActivator, claimsOf, planOrder } from './plan.decide.ts';

const catalog = [
  aSpecification(),
  aSpecification({ version: '2.0', revision: 2 }),
  aSpecification({ id: 'prefix', serviceType: 'ip-addressing', characteristics: [] }),
  aSpecification({ id: 'pigeon', serviceType: 'pigeon', characteristics: [] }),
];
const durations = new Map([
  ['broadband add', 1_500],
  ['broadband modify', 500],
]);

/** Applies `reserve` and `configure`; a modify only what it is told is touched; takes no rate of 13. */
const broadband: PlannedActivator = {
  outline: {
    serviceType: 'broadband',
    steps: ['reserve', 'configure'].map((name) => ({ name, platform: 'olt', uses: ['rate'], optional: false })),
    partial: 'keep',
  },
  planFor: ({ action, requested, previous }: ActivateItem) =>
    (action === 'modify' && requested['rate'] === previous['rate'] ? [] : ['reserve', 'configure'])
      .slice(action === 'modify' ? 1 : 0)
      .map((step) => ({ step, platform: 'olt', direction: 'apply' })),
  faultOf: (characteristics) =>
    (characteristics as { rate?: number }).rate === 13 ? { code: 'unlucky', reason: 'Not 13.' } : undefined,
};
const addressing: PlannedActivator = {
  ...broadband,
  outline: { ...broadband.outline, serviceType: 'ip-addressing' },
};
const activators = new Map([broadband, addressing].map((one) => [one.outline.serviceType, one]));

const planned = (
  request: ServiceOrderRequest,
  described?: Pick<ServicesDescribed, 'verdicts' | 'busy'>,
  specifications: readonly ServiceSpecification[] = catalog,
) => {
  const known = { specifications, durations };
  return planOrder(request, { accepting: known, launching: known, activators }, described, noon);
};
const described = (...all: readonly ClaimVerdict[]) => ({ verdicts: [...all], busy: [] });
const statesOf = ({ items }: ReturnType<typeof planned>) =>
  Object.fromEntries(items.map((one) => [one.itemId, one.state]));

describe('an order of new services', () => {
  const order = anOrder(
    anItem('b', { dependsOn: ['a'], specification: { id: 'prefix', version: '1.0' }, characteristics: {} }),
    anItem('a'),
  );

  test('is planned in the order in which its items are begun, with what each rests on', () => {
    const { items, ...plan } = planned(order);
    expect(plan).toEqual({
      verdict: 'acceptable',
      state: 'inProgress',
      warnings: [],
      activators: [broadband.outline, addressing.outline],
    });
    expect(items.map(({ itemId, state, waitsFor }) => [itemId, state, waitsFor.items])).toEqual([
      ['a', 'inProgress', []],
      ['b', 'acknowledged', ['a']],
    ]);
    expect(items[0]).toMatchObject({
      serviceType: 'broadband',
      specification: { id: 'line', version: '2.0', rule: 'newestActive' },
      characteristics: { rate: 100, technology: 'fibre' },
      defaults: ['technology'],
      steps: [
        { step: 'reserve', direction: 'apply', platform: 'olt' },
        { step: 'configure', direction: 'apply', platform: 'olt' },
      ],
      leftOut: [],
      expectedMs: 1_500,
    });
    expect(items[1]?.specification).toEqual({ id: 'prefix', version: '1.0', name: 'Line', rule: 'named' });
  });

  test('does not name services whose ids are only chosen when it is accepted', () => {
    const plan = planned(anOrder(anItem('a'), anItem('b', { serviceNamed: true, serviceId: 'own' })));
    expect(plan.items.map(({ serviceId }) => serviceId)).toEqual([undefined, 'own']);
  });

  test('tells when it is likely to be done where every duration is known', () => {
    expect(planned(anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }))).expectedAt).toBe(after(3).toISOString());
    expect(planned(order).expectedAt).toBeUndefined();
  });

  test('that is likely to be late says so', () => {
    const { warnings } = planned({ ...anOrder(anItem('a')), requestedCompletionDate: after(1).toISOString() });
    expect(warnings).toEqual([expect.stringContaining('which is after the requested')]);
  });

  test('waits for its day, and would be done after it', () => {
    const day = after(3_600).toISOString();
    const plan = planned({ ...anOrder(anItem('a')), requestedStartDate: day });
    expect(plan).toMatchObject({ state: 'pending', startsAt: day, expectedAt: after(3_601.5).toISOString() });
    const past = planned({ ...anOrder(anItem('a')), requestedStartDate: noon.toISOString() });
    expect([past.state, past.startsAt]).toEqual(['inProgress', undefined]);
  });
});

describe('the inventory', () => {
  const claims = (...items: readonly RequestedItem[]) =>
    claimsOf(anOrder(...items), { specifications: catalog, durations }, noon).map(({ itemId }) => itemId);

  test('is asked about services that may be there, and then about all', () => {
    expect(claims(anItem('a'), anItem('b', { action: 'modify' }))).toEqual(['a', 'b']);
    expect(claims(anItem('a', { serviceNamed: true }))).toEqual(['a']);
    expect(claims(anItem('a', { supportingServices: ['s'] }))).toEqual(['a']);
    expect(claims(anItem('a', { action: 'delete' }), anItem('n', { action: 'noChange' }))).toEqual(['a']);
  });

  test('is not asked about what is new, what is left as it is, or what would be rejected', () => {
    expect(claims(anItem('a'), anItem('n', { action: 'noChange' }))).toEqual([]);
    expect(claims(anItem('a', { specification: { id: 'nothing' } }), anItem('b', { action: 'delete' }))).toEqual([]);
  });

  test('is asked about an order of a later day as of that day', () => {
    const order = { ...anOrder(anItem('a', { action: 'delete' })), requestedStartDate: after(60).toISOString() };
    expect(claimsOf(order, { specifications: catalog, durations }, noon)).toHaveLength(1);
  });
});

describe('a change of a service that stands', () => {
  const modify = (rate: number) => anOrder(anItem('a', { action: 'modify', characteristics: { rate } }));

  test('runs by the specification of the service, and has the steps it touches', () => {
    const [item] = planned(modify(60), described(granted('a'))).items;
    expect(item).toMatchObject({
      serviceId: 'service-a',
      specification: { version: '1.0', rule: 'ofTheService' },
      characteristics: { rate: 60, port: '1/1/1', technology: 'fibre' },
      defaults: ['technology'],
      steps: [{ step: 'configure' }],
      leftOut: ['reserve'],
      expectedMs: 500,
    });
  });

  test('that changes nothing has no steps', () => {
    const [item] = planned(modify(50), described(granted('a'))).items;
    expect([item?.steps, item?.leftOut, item?.state]).toEqual([[], ['reserve', 'configure'], 'inProgress']);
  });

  test('that another order holds is planned by the service as it is, and waits', () => {
    const ahead = [
      { orderId: 'first', itemId: '1' },
      { orderId: 'second', itemId: '2' },
    ];
    const behind = { orderId: 'first', itemId: '1' };
    const plan = planned(modify(60), {
      verdicts: [{ verdict: 'waiting', itemId: 'a', serviceId: 'service-a', behind }],
      busy: [{ itemId: 'a', service: aService('service-a'), ahead }],
    });
    expect([plan.verdict, plan.expectedAt]).toEqual(['acceptable', undefined]);
    expect(plan.items[0]).toMatchObject({
      state: 'pending',
      waitsFor: { items: [], orders: ahead },
      steps: [{ step: 'configure' }],
    });
  });

  test('is told what it stands on outside the order, with the types the inventory knows', () => {
    const order = anOrder(anItem('a', { supportingServices: ['s', 't'] }));
    const supporting = [{ serviceId: 's', serviceType: 'broadband', characteristics: {}, resources: [] }];
    const [item] = planned(order, described({ ...granted('a'), supporting } as ClaimVerdict)).items;
    expect(item?.supporting).toEqual([{ serviceId: 's', serviceType: 'broadband' }, { serviceId: 't' }]);
  });
});

describe('what would not be done', () => {
  test('is rejected in the words of the order', () => {
    const order = anOrder(anItem('a', { characteristics: { rate: 0 } }), anItem('b'));
    const plan = planned(order);
    const { progress, failure } = lived(accepted(order, catalog)).order;
    expect([plan.verdict, plan.state, plan.failure]).toEqual(['rejected', 'rejected', failure]);
    expect(plan.items.map((item) => item.failure)).toEqual([progress['a']?.failure, undefined]);
    expect(plan.items.flatMap(({ steps }) => steps)).toEqual([]);
  });

  test.each([
    ['in a circle', [anItem('a', { dependsOn: ['b'] }), anItem('b', { dependsOn: ['a'] })]],
    ['that wait for nobody', [anItem('a', { dependsOn: ['z'] })]],
    ['of one name', [anItem('a'), anItem('a')]],
  ])('items %s are rejected, and all are told', (_, items) => {
    const plan = planned(anOrder(...items));
    expect([plan.verdict, plan.items.length]).toEqual(['rejected', new Set(items.map(({ itemId }) => itemId)).size]);
  });

  test('fails with the order’s own words, and what depends on it with it', () => {
    const order = anOrder(anItem('a', { action: 'modify' }), anItem('b', { dependsOn: ['a'] }), anItem('c'));
    const plan = planned(order, described(refused('a'), granted('b'), granted('c')));
    const { progress } = lived(accepted(order, catalog), verdicts(refused('a'), granted('b'), granted('c'))).order;
    expect([plan.verdict, plan.state, plan.expectedAt]).toEqual(['faulty', 'inProgress', undefined]);
    expect(statesOf(plan)).toEqual({ a: 'failed', b: 'cancelled', c: 'inProgress' });
    for (const { itemId, failure } of plan.items) expect(failure).toEqual(progress[itemId]?.failure);
  });

  test('fails where the activator itself would refuse', () => {
    const order = anOrder(anItem('a', { characteristics: { rate: 13 } }), anItem('b', { dependsOn: ['a'] }));
    const plan = planned(order);
    expect([plan.verdict, statesOf(plan)]).toEqual(['faulty', { a: 'failed', b: 'cancelled' }]);
    expect(plan.items[0]?.failure).toEqual({ code: 'unlucky', reason: 'Not 13.' });
  });

  test('waits for ever where there is no activator', () => {
    const plan = planned(anOrder(anItem('a', { specification: { id: 'pigeon' }, characteristics: {} })));
    expect([plan.verdict, plan.items[0]?.failure?.code, plan.items[0]?.state]).toEqual([
      'faulty',
      'noActivator',
      'inProgress',
    ]);
  });
});
