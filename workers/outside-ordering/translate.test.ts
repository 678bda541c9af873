import { expect, test } from 'vitest';
import { serviceOrderCreate } from '../../contracts/tmf/tmf641.ts';
import { aRequest, anItem } from './outside-orders.fixture.ts';
import { toCancellation, toServiceOrder } from './translate.ts';

const full = aRequest({
  ...{
    description: 'a line',
    priority: '1',
    requestedStartDate: '2026-03-02T00:00:00Z',
    externalId: 'of somebody else',
  },
  parties: [{ id: 'acme', role: 'customer' }],
  items: [
    anItem({
      itemId: 'a',
      specification: { id: 'access', version: '2' },
      characteristics: { b: [1], a: 100, c: null },
    }),
    anItem({
      ...{ itemId: 'b', action: 'modify', dependsOn: ['a'], serviceId: 'service-2', operatingStatus: 'suspended' },
      ...{ specification: { id: 'line', version: '7' }, supportingServices: ['service-0'], serviceType: 'own' },
      places: [{ id: 'site' }],
    }),
  ],
});
const renames = { line: { id: 'E-LINE' } };

test('an order is a TMF641 order under our id, with the ids of its services and without whom it is for', () => {
  const body = toServiceOrder(full, 'access', renames);
  expect(serviceOrderCreate.safeParse(body).error).toBeUndefined();
  expect(body).toMatchObject({ externalId: full.id, description: 'a line', priority: '1' });
  expect(body['id']).toBeUndefined();
  expect(JSON.stringify(body)).not.toContain('product-order');
  expect(body['serviceOrderItem']).toMatchObject([
    {
      ...{ id: 'a', action: 'add' },
      service: {
        ...{ id: 'service-1', serviceType: 'access' },
        serviceSpecification: { id: 'access', version: '2' },
        serviceCharacteristic: [
          { name: 'a', value: 100, valueType: 'integer' },
          { name: 'b', value: [1], valueType: 'array' },
          { name: 'c', value: null },
        ],
      },
    },
    {
      ...{ id: 'b', action: 'modify' },
      serviceOrderItemRelationship: [{ relationshipType: 'dependsOn', orderItem: { itemId: 'a', id: 'a' } }],
      service: {
        ...{ id: 'service-2', serviceType: 'own', operatingStatus: 'suspended' },
        serviceRelationship: [{ relationshipType: 'reliesOn', service: { id: 'service-0' } }],
      },
    },
  ]);
});

test('a specification goes by the name the endpoint has for it, and only then without our version', () => {
  const [a, b] = toServiceOrder(full, 'access', renames)['serviceOrderItem'] as { service: object }[];
  expect([a?.service, b?.service]).toMatchObject([
    { serviceSpecification: { id: 'access', version: '2' } },
    { serviceSpecification: { id: 'E-LINE' } },
  ]);
  expect(b?.service).not.toHaveProperty('serviceSpecification.version');
});

test('the same order is the same body, whatever order its characteristics came in', () => {
  const turned = (characteristics: Record<string, number>) =>
    JSON.stringify(toServiceOrder(aRequest({ items: [anItem({ characteristics })] }), 'access', {}));
  expect(turned({ b: 2, a: 1 })).toBe(turned({ a: 1, b: 2 }));
});

test('a cancellation names the order by the endpoint’s id, and gives the reason where there is one', () => {
  expect(toCancellation('r-1', 'moved')).toMatchObject({ serviceOrder: { id: 'r-1' }, cancellationReason: 'moved' });
  expect(toCancellation('r-1', undefined)).not.toHaveProperty('cancellationReason');
});
