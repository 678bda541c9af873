import { describe, expect, test } from 'vitest';

import { characteristic, instant, relatedParty } from './common.ts';
import { serviceCreate, serviceUpdate } from './tmf638.ts';
import { itemIdOf, MAX_ORDER_ITEMS, serviceOrderCreate, serviceOrderItemRef } from './tmf641.ts';

describe('instants', () => {
  test.each([
    ['2026-03-01T09:30:00Z', '2026-03-01T09:30:00Z'],
    ['2026-03-01T09:30:00.1234567+02:00', '2026-03-01T09:30:00.123456+02:00'],
  ])('%s is kept as %s', (text, kept) => {
    expect(instant.parse(text)).toBe(kept);
  });

  test.each(['2026-03-01', '2026-03-01T09:30:00', '2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', 'soon'])(
    '%s is none',
    (text) => {
      expect(instant.safeParse(text).success).toBe(false);
    },
  );
});

test('attributes nobody has named are kept, at every depth', () => {
  const order = {
    '@type': 'SpecialOrder',
    extra: { deep: [1] },
    serviceOrderItem: [{ id: '1', action: 'add', more: true, service: { '@schemaLocation': 'http://x', own: null } }],
  };
  expect(serviceOrderCreate.parse(order)).toEqual(order);
});

test('a characteristic has any value, but it has one', () => {
  expect(characteristic.parse({ name: 'x', value: null })).toEqual({ name: 'x', value: null });
  expect(characteristic.safeParse({ name: 'x' }).success).toBe(false);
});

test('a related party that does not say its own type has the one it can have', () => {
  expect(relatedParty.parse({ id: 'p', '@referredType': 'Individual' })).toMatchObject({ '@type': 'RelatedParty' });
  expect(relatedParty.safeParse({ id: 'p' }).success).toBe(false);
});

test('an order item is referred to by itemId, or by id', () => {
  expect(itemIdOf(serviceOrderItemRef.parse({ itemId: '1', id: '2' }))).toBe('1');
  expect(itemIdOf(serviceOrderItemRef.parse({ id: '2' }))).toBe('2');
  expect(serviceOrderItemRef.safeParse({}).success).toBe(false);
});

test('an order is bounded, nested items counted', () => {
  const item = (id: string, nested: unknown[] = []) => ({ id, action: 'add', service: {}, serviceOrderItem: nested });
  const many = (count: number) => Array.from({ length: count }, (_, index) => item(`n${index}`));
  expect(serviceOrderCreate.safeParse({ serviceOrderItem: [item('a', many(MAX_ORDER_ITEMS - 1))] }).success).toBe(true);
  expect(serviceOrderCreate.safeParse({ serviceOrderItem: [item('a', many(MAX_ORDER_ITEMS))] }).success).toBe(false);
  expect(serviceOrderCreate.safeParse({ serviceOrderItem: [item('a', [item('a')])] }).success).toBe(false);
});

test('a service needs a state and a specification to be created, and nothing to be changed', () => {
  expect(serviceCreate.safeParse({ state: 'active' }).success).toBe(false);
  expect(serviceCreate.safeParse({ state: 'active', serviceSpecification: { id: 's' } }).success).toBe(true);
  expect(serviceCreate.safeParse({ state: 'suspended', serviceSpecification: { id: 's' } }).success).toBe(false);
  expect(serviceUpdate.parse({})).toEqual({});
});
