import { expect, test } from 'vitest';
import type { Service } from '../../../contracts/messages/service-inventory.ts';
import { operatingStatuses, serviceStates } from '../../../contracts/states/service.ts';
import { service as tmfService } from '../../../contracts/tmf/tmf638.ts';
import { toSubmitted, toView, toWrite } from './translate.ts';

const aService = (over: Partial<Service> = {}): Service => ({
  id: 's',
  revision: 4,
  serviceType: 'broadband',
  name: 'Line',
  state: 'active',
  operatingStatus: 'degraded',
  specification: { id: 'line', version: '1.0' },
  characteristics: { rate: 100, port: '1/1/1', tags: ['a'], on: true, gone: null },
  supportingServices: ['t'],
  resources: [{ id: 'r', name: 'Port', type: 'accessPort' }],
  parties: [{ id: 'p', role: 'customer', '@referredType': 'Organization', '@type': 'RelatedParty' }],
  places: [{ id: 'a', role: 'site', street: 'Mill Lane' }],
  orderItems: [{ orderId: 'o', itemId: '1', action: 'add' }],
  serviceDate: '2026-03-01T12:00:00Z',
  startDate: '2026-03-01T12:00:05Z',
  updatedAt: '2026-03-01T12:00:05Z',
  activated: true,
  claim: null,
  ...over,
});

test('a service is shown as a TMF638 document, and the document is one', () => {
  const view = toView(aService(), undefined);
  expect(tmfService.parse(view)).toEqual(view);
  expect(view).toMatchObject({
    '@type': 'Service',
    id: 's',
    state: 'active',
    operatingStatus: 'degraded',
    serviceSpecification: { id: 'line', version: '1.0' },
    serviceCharacteristic: [
      { name: 'on', valueType: 'boolean', value: true },
      { name: 'port', valueType: 'string', value: '1/1/1' },
      { name: 'rate', valueType: 'integer', value: 100 },
      { name: 'tags', valueType: 'array', value: ['a'] },
    ],
    supportingService: [{ id: 't' }],
    supportingResource: [{ id: 'r', name: 'Port', '@referredType': 'accessPort' }],
    serviceOrderItem: [{ serviceOrderId: 'o', itemId: '1', itemAction: 'add' }],
  });
});

test('a service that runs without optional steps names them, until it has them', () => {
  expect(toView(aService({ missing: ['shape-traffic'] }), undefined)).toMatchObject({
    operatingStatus: 'degraded',
    missingStep: ['shape-traffic'],
  });
  expect(toView(aService(), { missingStep: ['shape-traffic'] })).not.toHaveProperty('missingStep');
});

test.each(serviceStates.flatMap((state) => operatingStatuses.map((status) => [state, status] as const)))(
  'a service that is %s and runs %s is shown as a document that TMF638 knows',
  (state, operatingStatus) => {
    const view = toView(aService({ state, operatingStatus }), undefined);
    expect(tmfService.parse(view)).toEqual(view);
  },
);

test('what is shown, written back unchanged, asks for what there is', () => {
  const service = aService({ characteristics: { rate: 100, tags: ['a'] } });
  const {
    id: _id,
    revision: _r,
    operatingStatus: _os,
    orderItems: _oi,
    serviceDate: _d,
    updatedAt: _u,
    activated: _a,
    claim: _c,
    ...writable
  } = service;
  expect(toWrite(toView(service, undefined) as never)).toEqual(writable);
});

test('what a client wrote beside what the inventory keeps is shown again: notes, hrefs, extensions, their own types', () => {
  const document = {
    '@type': 'AccessService',
    note: [{ text: 'handle with care' }],
    colour: 'red',
    serviceCharacteristic: [{ name: 'rate', valueType: 'Mbps', value: 5, '@type': 'Speed' }],
    supportingService: [{ id: 't', role: 'access' }],
    supportingResource: [{ id: 'r', href: '/r' }],
  };
  expect(toView(aService(), document)).toMatchObject({
    '@type': 'AccessService',
    note: [{ text: 'handle with care' }],
    colour: 'red',
    serviceCharacteristic: [{ name: 'rate', valueType: 'Mbps', value: 100, '@type': 'Speed' }, {}, {}, {}],
    supportingService: [{ id: 't', role: 'access' }],
    supportingResource: [{ id: 'r', name: 'Port', href: '/r' }],
  });
});

test('a document that says little asks for a designed service with nothing to it', () => {
  expect(toWrite({})).toEqual({
    state: 'designed',
    characteristics: {},
    supportingServices: [],
    resources: [],
    parties: [],
    places: [],
  });
});

test('a characteristic that comes twice is refused: nobody could say which is meant', () => {
  const twice = [
    { name: 'rate', value: 1 },
    { name: 'rate', value: 2 },
  ];
  expect(() => toWrite({ serviceCharacteristic: twice })).toThrow(/'rate' comes twice/);
});

test('what is ours alone is not kept as the client’s', () => {
  const ours = { id: 's', href: '/s', operatingStatus: 'active', missingStep: ['a'] };
  expect(toSubmitted({ ...ours, name: 'Line' })).toEqual({ name: 'Line' });
});
