import { describe, expect, test } from 'vitest';
import { requestedProductItem } from '../../../contracts/messages/order-management.ts';
import { productOrderCreate } from '../../../contracts/tmf/tmf622.ts';
import { toItems } from './items.ts';

const itemsOf = (...productOrderItem: unknown[]) =>
  toItems(productOrderCreate.parse({ productOrderItem }).productOrderItem);
const related = (relationshipType: string, ...ids: string[]) => ({
  productOrderItemRelationship: ids.map((id) => ({ id, relationshipType })),
});

test('an item on its way in is what the fleet understands', () => {
  const items = itemsOf({
    id: '1',
    action: 'add',
    quantity: 3,
    productOffering: { id: 'fiber', name: 'Fiber', href: '/offering/fiber', '@type': 'x' },
    product: {
      name: 'Line',
      description: 'd',
      isCustomerVisible: true,
      productSpecification: { id: 'fiber-1g', version: '2.0', href: '/spec' },
      productCharacteristic: [
        { name: 'rate', valueType: 'integer', value: 1 },
        { name: 'nothing', value: null },
      ],
      productRelationship: [
        { relationshipType: 'reliesOn', product: { id: 'p-1', href: '/p-1' } },
        { relationshipType: 'reliesOn', product: { name: 'to be' } },
      ],
      relatedParty: [{ id: 'c', role: 'customer', '@referredType': 'Individual' }],
      place: [{ id: 'SITE-1', role: 'installation' }],
    },
  });
  expect(requestedProductItem.array().parse(items)).toEqual(items);
  expect(items).toEqual([
    {
      itemId: '1',
      action: 'add',
      quantity: 3,
      dependsOn: [],
      offering: { id: 'fiber', name: 'Fiber' },
      specification: { id: 'fiber-1g', version: '2.0' },
      name: 'Line',
      description: 'd',
      isCustomerVisible: true,
      characteristics: { rate: 1, nothing: null },
      relationships: [{ type: 'reliesOn', productId: 'p-1' }],
      parties: [{ id: 'c', role: 'customer', '@referredType': 'Individual', '@type': 'RelatedParty' }],
      places: [{ id: 'SITE-1', role: 'installation' }],
    },
  ]);
});

test('an item that says nothing more asks for one', () => {
  expect(itemsOf({ id: '1', action: 'add' })).toMatchObject([{ quantity: 1, characteristics: {}, dependsOn: [] }]);
});

test('the offering may stand at the item or at its product; at the item it counts', () => {
  const product = { productOffering: { id: 'at the product' } };
  expect(itemsOf({ id: '1', action: 'add', product })).toMatchObject([{ offering: { id: 'at the product' } }]);
  const both = { id: '1', action: 'add', product, productOffering: { id: 'at the item' } };
  expect(itemsOf(both)).toMatchObject([{ offering: { id: 'at the item' } }]);
});

describe('items of a bundle stand beside it and say whose part they are', () => {
  const parts = (items: ReturnType<typeof toItems>) => items.map(({ itemId, partOf }) => [itemId, partOf]);

  test('nested in it', () => {
    const nested = [{ id: 'b', action: 'add', productOrderItem: [{ id: 'c', action: 'add' }] }];
    expect(parts(itemsOf({ id: 'a', action: 'add', productOrderItem: nested }))).toEqual([
      ['a', undefined],
      ['b', 'a'],
      ['c', 'b'],
    ]);
  });

  test.each([
    ['bundles', 'a'],
    ['bundled', 'a'],
    ['isPartOf', 'b'],
    ['bundledBy', 'b'],
  ])('by a relation: %s, said by %s', (type, by) => {
    const said = (id: string, other: string) => ({ id, action: 'add', ...(id === by ? related(type, other) : {}) });
    expect(parts(itemsOf(said('a', 'b'), said('b', 'a')))).toEqual([
      ['a', undefined],
      ['b', 'a'],
    ]);
  });

  test('described within its product, at any depth, without becoming items of the client', () => {
    const product = {
      productSpecification: { id: 'home' },
      product: [
        { name: 'tv', productCharacteristic: [{ name: 'channels', value: 9 }], product: [{ name: 'box' }] },
        { name: 'voice' },
      ],
    };
    expect(itemsOf({ id: 'a', action: 'add', quantity: 2, product })).toMatchObject([
      { itemId: 'a', quantity: 2, specification: { id: 'home' } },
      { itemId: 'a/1', action: 'add', quantity: 1, partOf: 'a', name: 'tv', characteristics: { channels: 9 } },
      { itemId: 'a/1/1', partOf: 'a/1', name: 'box' },
      { itemId: 'a/2', partOf: 'a', name: 'voice' },
    ]);
  });

  test('that exist already keep their id, and are not asked for again where all ends or nothing changes', () => {
    const product = { id: 'p', product: [{ id: 'q', productCharacteristic: [{ name: 'x', value: 1 }] }] };
    expect(itemsOf({ id: 'a', action: 'modify', product })).toMatchObject([
      { productId: 'p' },
      { productId: 'q', action: 'modify', partOf: 'a' },
    ]);
    for (const action of ['delete', 'noChange'])
      expect(itemsOf({ id: 'a', action, product })).toMatchObject([{ itemId: 'a', productId: 'p' }]);
  });
});

test('an item waits for those it depends or relies on, each once, however it is spelled', () => {
  const { productOrderItemRelationship: depends } = related('DependsOn', 'b', 'b');
  const { productOrderItemRelationship: relies } = related('reliesOn', 'c');
  const { productOrderItemRelationship: likes } = related('likes', 'd');
  const [item] = itemsOf({
    id: 'a',
    action: 'add',
    productOrderItemRelationship: [...depends, ...relies, ...likes],
  });
  expect(item?.dependsOn).toEqual(['b', 'c']);
});

describe('a status', () => {
  test.each([
    ['modify', 'suspended', 'suspended'],
    ['modify', 'active', 'active'],
    ['add', 'active', undefined],
    ['delete', 'active', undefined],
    ['noChange', 'aborted ', undefined],
  ])('%s with %s asks for %s', (action, status, asked) => {
    const [item] = itemsOf({ id: '1', action, product: { status } });
    expect(item?.status).toBe(asked);
  });

  test.each([
    ['add', 'suspended'],
    ['modify', 'terminated'],
    ['modify', 'aborted'],
  ])('%s with %s cannot be asked for', (action, status) => {
    expect(() => itemsOf({ id: '1', action, product: { status } })).toThrow(
      `Item '1' has action ${action} and product.status ${status}.`,
    );
  });
});

test.each([
  ['several of what exists', { action: 'modify', quantity: 2, product: { id: 'p' } }, /modify and quantity 2/],
  ['a new product with an id', { action: 'add', product: { id: 'p' } }, /action add and product\.id 'p'/],
  [
    'a new part with an id',
    { action: 'add', product: { product: [{ id: 'p' }] } },
    /'1\/1' has action add and product\.id 'p'/,
  ],
  [
    'a characteristic named twice',
    {
      action: 'add',
      product: {
        productCharacteristic: [
          { name: 'a', value: 1 },
          { name: 'a', value: 2 },
        ],
      },
    },
    /'a' comes twice in item '1'/,
  ],
  [
    'an id that a described part is given',
    { action: 'add', product: { product: [{}] }, productOrderItem: [{ id: '1/1', action: 'add' }] },
    /'1\/1' has the id/,
  ],
])('is refused: %s', (_, over, why) => {
  expect(() => itemsOf({ id: '1', ...over })).toThrow(why);
});
