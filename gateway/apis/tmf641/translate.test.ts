import { describe, expect, test } from 'vitest';
import {
  serviceOrderRequest,
  type ServiceOrder,
  type ServiceOrderRequest,
} from '../../../contracts/messages/service-ordering.ts';
import { serviceOrderCreate, serviceOrder as tmfOrder } from '../../../contracts/tmf/tmf641.ts';
import { acknowledged, toAmendment, toRequest, toSubmitted, toView } from './translate.ts';

const id = '019f0000-0000-7000-8000-000000000001';
const now = new Date('2026-03-01T12:00:00.000Z');
const body = serviceOrderCreate.parse({
  externalId: 'x-1',
  colour: 'red',
  relatedParty: [{ id: 'p', role: 'customer', '@referredType': 'Organization' }],
  serviceOrderItem: [
    {
      id: 'access',
      action: 'add',
      service: {
        name: 'Line',
        serviceSpecification: { id: 'line', version: '1.0', href: '/spec' },
        serviceCharacteristic: [
          { name: 'rate', valueType: 'integer', value: 100 },
          { name: 'nothing', value: null },
        ],
        place: [{ id: 'a', role: 'site' }],
      },
    },
    {
      id: 'router',
      action: 'modify',
      quantity: 1,
      serviceOrderItemRelationship: [
        { relationshipType: 'DependsOn', orderItem: { id: 'access' } },
        { relationshipType: 'dependsOn', orderItem: { itemId: 'access' } },
        { relationshipType: 'likes', orderItem: { itemId: 'else' } },
      ],
      service: {
        id: 'r-1',
        supportingService: [{ id: 't' }],
        serviceRelationship: [
          { relationshipType: 'reliesOn', service: { id: 'u' } },
          { relationshipType: 'replaces', service: { id: 'v' } },
        ],
      },
    },
  ],
});
const request = toRequest(body, id, now);
const anOrder = (over: Partial<ServiceOrder> = {}, of: ServiceOrderRequest = request): ServiceOrder => ({
  id,
  revision: 2,
  state: 'inProgress',
  request: of,
  progress: { access: { state: 'inProgress', serviceType: 'broadband' }, router: { state: 'acknowledged' } },
  startedAt: now.toISOString(),
  updatedAt: now.toISOString(),
  milestones: [],
  jeopardies: [],
  ...over,
});

describe('an order on its way in', () => {
  test('is what the fleet understands', () => {
    expect(serviceOrderRequest.parse(request)).toEqual(request);
    expect(request).toMatchObject({
      id,
      orderDate: now.toISOString(),
      externalId: 'x-1',
      items: [
        {
          itemId: 'access',
          serviceNamed: false,
          specification: { id: 'line', version: '1.0' },
          characteristics: { rate: 100, nothing: null },
        },
        { itemId: 'router', serviceId: 'r-1', serviceNamed: true },
      ],
    });
  });

  test('depends on what it names, once, whichever way and however it is spelled', () => {
    expect(request.items[1]?.dependsOn).toEqual(['access']);
  });

  test('stands on its supporting services and on those a relation says it stands on', () => {
    expect(request.items[1]?.supportingServices).toEqual(['t', 'u']);
  });

  test('gives a new service the same id however often it is translated, and another in another order', () => {
    expect(toRequest(body, id, now).items[0]?.serviceId).toBe(request.items[0]?.serviceId);
    expect(toRequest(body, id.replace('1', '2'), now).items[0]?.serviceId).not.toBe(request.items[0]?.serviceId);
  });

  test('with items in items has them all, each on its own', () => {
    const [item] = body.serviceOrderItem;
    const nested = { ...body, serviceOrderItem: [{ ...item, serviceOrderItem: [{ ...item, id: 'inner' }] }] };
    expect(toRequest(serviceOrderCreate.parse(nested), id, now).items.map((one) => one.itemId)).toEqual([
      'access',
      'inner',
    ]);
  });

  test.each([
    ['a quantity over one', { quantity: 2 }, /quantity 2/],
    ['a quantity of none', { quantity: 0 }, /quantity 0/],
    [
      'a characteristic named twice',
      {
        service: {
          serviceCharacteristic: [
            { name: 'a', value: 1 },
            { name: 'a', value: 2 },
          ],
        },
      },
      /'a' comes twice/,
    ],
    ['a new service that is suspended', { service: { operatingStatus: 'suspended' } }, /action add .*operatingStatus/],
  ])('is refused for %s', (_, over, why) => {
    const wrong = serviceOrderCreate.parse({ serviceOrderItem: [{ ...body.serviceOrderItem[0], ...over }] });
    expect(() => toRequest(wrong, id, now)).toThrow(why);
  });
});

test.each(['active', 'suspended'] as const)(
  'a modify may ask for a service to be %s, and shows that it did',
  (status) => {
    const suspending = serviceOrderCreate.parse({
      serviceOrderItem: [{ id: '1', action: 'modify', service: { id: 's', operatingStatus: status } }],
    });
    const asked = toRequest(suspending, id, now);
    expect(asked.items).toMatchObject([{ serviceId: 's', operatingStatus: status }]);
    for (const submitted of [suspending, undefined]) {
      const view = toView(anOrder({ progress: {} }, asked), submitted);
      expect(view).toMatchObject({ serviceOrderItem: [{ service: { id: 's', operatingStatus: status } }] });
    }
  },
);

test.each(['degraded', 'terminated', ''])('a modify may not ask for a service to be "%s"', (operatingStatus) => {
  const wrong = { serviceOrderItem: [{ id: '1', action: 'modify', service: { id: 's', operatingStatus } }] };
  expect(serviceOrderCreate.safeParse(wrong).success).toBe(false);
});

describe('an order on its way out', () => {
  test('is shown from its acceptance on as the client sent it, with every item acknowledged', () => {
    const view = acknowledged(body, id, now);
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      id,
      state: 'acknowledged',
      colour: 'red',
      serviceOrderItem: [{ state: 'acknowledged', service: { name: 'Line' } }, { state: 'acknowledged' }],
    });
  });

  test('has its own words laid over the client’s: states, ids, types, dates', () => {
    const view = toView(anOrder(), body);
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      colour: 'red',
      state: 'inProgress',
      startDate: now.toISOString(),
      serviceOrderItem: [
        { state: 'inProgress', service: { id: request.items[0]?.serviceId, serviceType: 'broadband', name: 'Line' } },
        { state: 'acknowledged', service: { id: 'r-1' } },
      ],
    });
  });

  test('shows why it failed, and which item why', () => {
    const failure = { code: 'noPort', reason: 'No port is free.' };
    const view = toView(
      anOrder({ state: 'failed', failure, progress: { access: { state: 'failed', failure } } }),
      body,
    );
    expect(view).toMatchObject({
      errorMessage: [{ code: 'noPort', reason: 'No port is free.', timestamp: now.toISOString() }],
      serviceOrderItem: [{ state: 'failed', errorMessage: [{ code: 'noPort' }] }, { state: 'acknowledged' }],
    });
  });

  test('shows milestones and alerts with the items they are about, under both names of an item’s id', () => {
    const about = { id: 'j', name: 'fallout', message: 'held', at: now.toISOString(), itemIds: ['access'] };
    const view = toView(anOrder({ state: 'held', jeopardies: [about], milestones: [about] }), body);
    expect(view).toMatchObject({
      jeopardyAlert: [{ alertDate: now.toISOString(), serviceOrderItem: [{ itemId: 'access', id: 'access' }] }],
      milestone: [
        {
          milestoneDate: now.toISOString(),
          status: 'completed',
          serviceOrderItem: [{ itemId: 'access', id: 'access' }],
        },
      ],
    });
  });

  test.each(['fallout', 'late'])('says of what type an alert is: %s', (name) => {
    const alert = { id: 'j', name, message: 'm', at: now.toISOString(), itemIds: [] };
    expect(toView(anOrder({ jeopardies: [alert] }), body)).toMatchObject({ jeopardyAlert: [{ jeopardyType: name }] });
  });

  test('says when it is likely to be done, and when and why it was cancelled', () => {
    const at = '2026-03-02T00:00:00.000Z';
    const view = toView(
      anOrder({ state: 'cancelled', expectedAt: at, cancelledAt: at, cancellationReason: 'twice' }),
      body,
    );
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view).toMatchObject({ expectedCompletionDate: at, cancellationDate: at, cancellationReason: 'twice' });
    for (const name of ['expectedCompletionDate', 'cancellationDate', 'cancellationReason'])
      expect(toView(anOrder(), body)).not.toHaveProperty(name);
  });

  describe('while an item waits for an outside system', () => {
    const until = '2026-03-03T00:00:00.000Z';
    const since = '2026-03-01T12:00:01.000Z';
    const waits = {
      ...{ id: 'access-port-waits', name: 'waiting', itemIds: ['access'], at: since, status: 'waiting' as const },
      message: 'Waits for carrier to do port, until then at the latest.',
    };
    const waiting = anOrder({
      state: 'pending',
      milestones: [waits],
      progress: { access: { state: 'pending', waitsFor: { platform: 'carrier', until } } },
    });
    const ours = {
      id: 'waiting-access',
      author: 'service ordering',
      date: since,
      text: 'Item "access": Waits for carrier to do port, until then at the latest.',
    };
    const said = { id: 'n', text: 'said' };

    test('a note and a milestone name it, the note after those of the client', () => {
      const view = toView(waiting, { ...body, note: [said] });
      expect(tmfOrder.parse(view)).toEqual(view);
      expect(view).toMatchObject({ state: 'pending', note: [said, ours], milestone: [{ status: 'waiting' }] });
      expect(toView(waiting, body)['note']).toEqual([ours]);
      expect(toView({ ...waiting, milestones: [] }, body)).toMatchObject({
        note: [{ text: `Item "access": Waits for carrier, until ${until} at the latest.`, date: now.toISOString() }],
      });
    });

    test('the note is not the client’s: a patch does not keep it, and it goes when the waiting is over', () => {
      for (const notes of [[said], []]) {
        const patched = toSubmitted({ ...toView(waiting, { ...body, note: notes }), description: 'new' });
        expect(patched['note']).toEqual(notes.length === 0 ? undefined : notes);
        expect(toView(anOrder(), patched)['note']).toEqual(patched['note']);
      }
    });
  });

  test('of an order no client sent is made of what the fleet knows, and means the same when it is sent again', () => {
    const view = toView(anOrder(), undefined);
    expect(tmfOrder.parse(view)).toEqual(view);
    const { state: _s, orderDate: _o, startDate: _d, id: _i, ...again } = view;
    const back = toRequest(serviceOrderCreate.parse(again), id, now);
    expect(
      back.items.map(({ itemId, action, dependsOn, characteristics, specification, serviceId }) => ({
        itemId,
        action,
        dependsOn,
        characteristics,
        specification,
        serviceId,
      })),
    ).toEqual(
      request.items.map(({ itemId, action, dependsOn, characteristics, specification, serviceId }) => ({
        itemId,
        action,
        dependsOn,
        characteristics,
        specification,
        serviceId,
      })),
    );
  });
});

test('an amendment has what changed, and null for what was removed', () => {
  const doc = { description: 'new', relatedParty: [{ id: 'q', '@referredType': 'Individual' }], priority: '1' };
  expect(toAmendment(doc, ['description', 'externalId', 'relatedParty', 'note'])).toEqual({
    description: 'new',
    externalId: null,
    parties: [{ id: 'q', '@referredType': 'Individual' }],
  });
});

test('what a patch leaves is the client’s own words, not what happened', () => {
  const happened = anOrder({
    state: 'failed',
    failure: { code: 'c', reason: 'r' },
    expectedAt: now.toISOString(),
    completedAt: now.toISOString(),
    milestones: [{ id: 'm', name: 'm', message: 'm', at: now.toISOString(), itemIds: [] }],
    jeopardies: [{ id: 'j', name: 'late', message: 'm', at: now.toISOString(), itemIds: [] }],
  });
  const { serviceOrderItem: _items, '@type': _type, ...own } = toSubmitted(toView(happened, body));
  const { serviceOrderItem: _sent, ...sent } = body;
  expect(own).toEqual(sent);
});
