import { describe, expect, test } from 'vitest';

import { characteristic, instant, relatedParty } from './common.ts';
import { productStatus, productStatusOf } from './product-attributes.ts';
import { MAX_ORDER_PRODUCTS } from './product-order-bounds.ts';
import { productOrderCreate, productOrderUpdate } from './tmf622.ts';
import { productCreate, productUpdate } from './tmf637.ts';
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

describe('a product order', () => {
  const item = (id: string, over: object = {}) => ({ id, action: 'add', ...over });
  const related = (relationshipType: string, id: string) => ({
    productOrderItemRelationship: [{ id, relationshipType }],
  });
  const faults = (...productOrderItem: unknown[]) =>
    (productOrderCreate.safeParse({ productOrderItem }).error?.issues ?? []).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );

  test('keeps attributes nobody has named, at every depth', () => {
    const order = {
      '@type': 'SpecialOrder',
      productOrderItem: [
        item('1', {
          more: [1],
          productOrderItem: [item('2', { product: { own: null, product: [{ extra: {} }] } })],
        }),
      ],
    };
    expect(productOrderCreate.parse(order)).toEqual(order);
  });

  test.each([
    ['items', [item('a', { productOrderItem: Array.from({ length: 199 }, (_, at) => item(`n${at}`)) })]],
    ['a quantity', [item('a', { quantity: 200 })]],
    ['quantities within quantities', [item('a', { quantity: 8, productOrderItem: [item('b', { quantity: 24 })] })]],
    ['a bundle by relation', [item('a', { quantity: 8, ...related('bundles', 'b') }), item('b', { quantity: 24 })]],
    ['products in products', [item('a', { quantity: 100, product: { product: [{ name: 'tv' }] } })]],
  ])('is bounded: %s come to 200, and one more is refused', (_, items) => {
    expect(faults(...items)).toEqual([]);
    expect(faults(...items, item('one more'))).toEqual([
      `productOrderItem: comes to ${MAX_ORDER_PRODUCTS + 1} products, nested items and quantities counted: split the order, 200 is the most`,
    ]);
  });

  test.each([
    [
      'an id twice, one of them nested',
      [item('a', { productOrderItem: [item('a')] })],
      "productOrderItem.0.productOrderItem.0.id: repeats 'a': each item needs an id of its own",
    ],
    [
      'a part of two bundles',
      [item('a', related('bundles', 'c')), item('b', related('bundles', 'c')), item('c')],
      "productOrderItem.2.id: 'c' is part of a and b: an item is part of one bundle",
    ],
    [
      'a bundle that is part of itself',
      [item('a', related('bundles', 'b')), item('b', related('bundles', 'a'))],
      "productOrderItem.0.id: 'a' is part of itself, by a, b, a",
    ],
    [
      'a part that is not there',
      [item('a', related('bundles', 'x'))],
      "productOrderItem.0.productOrderItemRelationship: names 'x', and there is no such item",
    ],
    [
      'a bundle that is not there',
      [item('a', related('isPartOf', 'x'))],
      "productOrderItem.0.productOrderItemRelationship: names 'x', and there is no such item",
    ],
  ])('says what is wrong: %s', (_, items, wrong) => {
    expect(faults(...items)).toEqual([wrong]);
  });

  test.each([0, -1, 1.5])('has no item %d times', (quantity) => {
    expect(faults(item('a', { quantity }))).toEqual([expect.stringContaining('productOrderItem.0.quantity')]);
  });

  test('has items that are not partial; the order may be', () => {
    expect(faults(item('a', { state: 'partial' }))).not.toEqual([]);
    expect(productOrderUpdate.parse({ state: 'partial' })).toEqual({ state: 'partial' });
  });
});

test('a product needs a status to be created, and nothing to be changed', () => {
  expect(productCreate.safeParse({ name: 'n' }).success).toBe(false);
  expect(productCreate.safeParse({ status: 'degraded' }).success).toBe(false);
  expect(productUpdate.parse({})).toEqual({});
});

test('aborted is taken with the blank of the document and without, and kept without', () => {
  for (const spelling of ['aborted ', 'aborted'] as const) {
    expect(productCreate.parse({ status: spelling })).toEqual({ status: 'aborted' });
    expect(productStatusOf(spelling)).toBe('aborted');
  }
  expect(productStatus.safeParse('aborted  ').success).toBe(false);
  expect(productStatusOf('active')).toBe('active');
});
