import { describe, expect, test } from 'vitest';
import {
  type ProductItemProgress,
  type ProductOrder,
  type ProductOrderRequest,
  productOrderRequest,
} from '../../../contracts/messages/order-management.ts';
import { productOrderItemStates, productOrderStates } from '../../../contracts/states/product-order.ts';
import { productOrderCreate, productOrder as tmfOrder } from '../../../contracts/tmf/tmf622.ts';
import { productOrderResource } from './descriptor.ts';
import { acknowledged, toRequest, toSubmitted, toView } from './translate.ts';

const id = '019f0000-0000-7000-8000-000000000001';
const now = new Date('2026-03-01T12:00:00.000Z');
const at = now.toISOString();
const body = productOrderCreate.parse({
  externalId: 'x-1',
  category: 'residential',
  colour: 'red',
  channel: [{ id: 'shop' }],
  note: [{ id: 'n', text: 'said' }],
  relatedParty: [{ id: 'p', role: 'customer', '@referredType': 'Organization' }],
  productOrderItem: [
    {
      id: 'home',
      action: 'add',
      shade: 'pale',
      product: { name: 'Home', productSpecification: { id: 'home', href: '/spec' } },
      productOrderItem: [
        {
          id: 'tv',
          action: 'add',
          product: { name: 'tv', productCharacteristic: [{ name: 'channels', valueType: 'integer', value: 9 }] },
        },
      ],
    },
    { id: 'lines', action: 'add', quantity: 2, product: { productSpecification: { id: 'line' } } },
    {
      id: 'old',
      action: 'modify',
      product: { id: 'p-1', status: 'suspended' },
      productOrderItemRelationship: [{ id: 'lines', relationshipType: 'dependsOn' }],
    },
  ],
});
const request = toRequest(body, id, now);
const progress = (over: Partial<ProductItemProgress> = {}): ProductItemProgress => ({
  state: 'inProgress',
  products: [],
  ...over,
});
const anOrder = (over: Partial<ProductOrder> = {}, of: ProductOrderRequest = request): ProductOrder => ({
  id,
  revision: 2,
  stage: 'inProgress',
  state: 'inProgress',
  request: of,
  items: {
    home: progress({ products: ['b', 'b-tv'] }),
    tv: progress({ state: 'pending', products: ['b-tv'] }),
    lines: progress({ products: ['l-1', 'l-2'] }),
    old: progress({ state: 'completed', products: ['p-1'] }),
  },
  deliveries: [],
  rules: [],
  updatedAt: at,
  followUps: [],
  ...over,
});

test('an order on its way in is what the fleet understands', () => {
  expect(productOrderRequest.parse(request)).toEqual(request);
  expect(request).toMatchObject({
    id,
    orderDate: at,
    externalId: 'x-1',
    category: 'residential',
    parties: [{ id: 'p', role: 'customer' }],
    items: [{ itemId: 'home' }, { itemId: 'tv', partOf: 'home' }, { itemId: 'lines', quantity: 2 }, { itemId: 'old' }],
  });
});

describe('an order on its way out', () => {
  test('is shown from its acceptance on as the client sent it, with every item acknowledged', () => {
    const view = acknowledged(body, id, now);
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      id,
      state: 'acknowledged',
      orderDate: at,
      colour: 'red',
      productOrderItem: [
        { id: 'home', state: 'acknowledged', shade: 'pale', productOrderItem: [{ id: 'tv', state: 'acknowledged' }] },
        { state: 'acknowledged', quantity: 2 },
        { state: 'acknowledged' },
      ],
    });
  });

  test('has what order management says laid over the client’s words: states, products, dates', () => {
    const view = toView(anOrder({ expectedAt: at }), body);
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view).toMatchObject({ colour: 'red', state: 'inProgress', expectedCompletionDate: at, note: body.note });
    expect(view['productOrderItem']).toMatchObject([
      {
        state: 'inProgress',
        shade: 'pale',
        product: { id: 'b', name: 'Home', productSpecification: { id: 'home', href: '/spec' } },
        resultingProduct: [{ id: 'b' }, { id: 'b-tv' }],
        productOrderItem: [{ state: 'pending', product: { id: 'b-tv', name: 'tv' } }],
      },
      { state: 'inProgress', resultingProduct: [{ id: 'l-1' }, { id: 'l-2' }] },
      { state: 'completed', product: { id: 'p-1', status: 'suspended' } },
    ]);
    expect(view).not.toHaveProperty('productOrderItem.1.product.id');
    for (const name of ['completionDate', 'cancellationDate', 'cancellationReason', 'errorMessage'])
      expect(view).not.toHaveProperty(name);
  });

  test('says when it was done, and when and why it was cancelled', () => {
    const view = toView(anOrder({ completedAt: at, cancelledAt: at, cancellationReason: 'twice' }), body);
    expect(view).toMatchObject({ completionDate: at, cancellationDate: at, cancellationReason: 'twice' });
  });

  test.each(productOrderStates)('%s is an order that TMF622 knows', (state) => {
    const view = toView(anOrder({ state }), body);
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view['state']).toBe(state);
  });

  test.each(productOrderItemStates)('an item that is %s is one that TMF622 knows', (state) => {
    const view = toView(anOrder({ items: { tv: progress({ state }) } }), body);
    expect(tmfOrder.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      productOrderItem: [{ state: 'acknowledged', productOrderItem: [{ state }] }, {}, {}],
    });
  });

  test('says why it failed and what it waits for, to people by notes behind theirs, to machines by code', () => {
    const failure = { code: 'noPort', reason: 'No port is free.' };
    const view = toView(
      anOrder({
        failure: { code: 'c', reason: 'It cannot be done.' },
        items: {
          old: progress({ note: 'Waits for the partner.' }),
          home: progress({ failure, note: 'The router was left out.' }),
          'home/1': progress({ failure }),
        },
        followUps: ['f'],
      }),
      body,
    );
    expect(tmfOrder.parse(view)).toEqual(view);
    const note = (what: string, text: string) => ({
      id: `standing-${what}`,
      author: 'order management',
      date: at,
      text,
    });
    expect(view['note']).toEqual([
      ...(body.note ?? []),
      note('order', 'It cannot be done.'),
      note('item-home', 'Item "home": No port is free. The router was left out.'),
      note('item-home/1', 'Item "home/1": No port is free.'),
      note('item-old', 'Item "old": Waits for the partner.'),
      note('follow-up-f', 'A change that came too late for this order is order f.'),
    ]);
    expect(view).toMatchObject({
      errorMessage: [{ code: 'c', timestamp: at }],
      productOrderItem: [{ errorMessage: [failure] }, {}, {}],
    });
    expect(view).not.toHaveProperty('productOrderItem.2.errorMessage');
    const again = {
      failure: { code: 'c', reason: 'Item "home": No port is free.' },
      items: { home: progress({ failure }) },
    };
    expect(toView(anOrder(again), body)['note']).toEqual([
      ...(body.note ?? []),
      note('item-home', 'Item "home": No port is free.'),
    ]);
  });

  test('shows what is ordered where that is no more what the client wrote', () => {
    const items = request.items.map((item) =>
      item.itemId === 'tv' ? { ...item, characteristics: { channels: 12, extra: true } } : item,
    );
    expect(toView(anOrder({}, { ...request, items }), body)).toMatchObject({
      productOrderItem: [
        {
          shade: 'pale',
          productOrderItem: [
            {
              product: {
                id: 'b-tv',
                productCharacteristic: [
                  { name: 'channels', valueType: 'integer', value: 12 },
                  { name: 'extra', value: true },
                ],
              },
            },
          ],
        },
        {},
        {},
      ],
    });
  });

  test('of an order no client sent is made of what the fleet knows, and means the same when it is sent again', () => {
    const view = toView(anOrder(), undefined);
    expect(tmfOrder.parse(view)).toEqual(view);
    const again = toRequest(productOrderCreate.parse(toSubmitted(view)), id, now);
    expect(again).toEqual(request);
  });

  test('names the parts that a nested item speaks for beside it, when they are several', () => {
    const items = { tv: progress({ products: ['b-tv-1', 'b-tv-2'] }) };
    const [home] = toView(anOrder({ items }), body)['productOrderItem'] as { productOrderItem: unknown[] }[];
    const tv = home?.productOrderItem[0];
    expect(tv).toMatchObject({ id: 'tv', resultingProduct: [{ id: 'b-tv-1' }, { id: 'b-tv-2' }] });
    expect(tv).not.toHaveProperty('product.id');
  });

  test('has absolute addresses of its products, and of those they are related to', () => {
    const related = {
      ...body,
      productOrderItem: [
        {
          id: 'other',
          action: 'modify' as const,
          product: { id: 'p', productRelationship: [{ relationshipType: 'reliesOn', product: { id: 'q' } }] },
          productOrderItem: body.productOrderItem.slice(0, 1),
        },
        ...body.productOrderItem.slice(1, 2),
      ],
    };
    const items = { home: progress({ products: ['b'] }), lines: progress({ products: ['l-1', 'l-2'] }) };
    const view = toView(anOrder({ items }, toRequest(productOrderCreate.parse(related), id, now)), related);
    const href = (of: string) => `http://h/tmf-api/productInventory/v4/product/${of}`;
    expect(productOrderResource.present?.(view, 'http://h')).toMatchObject({
      productOrderItem: [
        {
          product: { href: href('p'), productRelationship: [{ product: { id: 'q', href: href('q') } }] },
          productOrderItem: [{ product: { href: href('b') } }],
        },
        { resultingProduct: [{ href: href('l-1') }, { href: href('l-2') }] },
      ],
    });
  });
});

test('what a patch leaves is the client’s own words, not what happened', () => {
  const failure = { code: 'c', reason: 'r' };
  const happened = anOrder({
    ...{ state: 'failed', failure, expectedAt: at, completedAt: at, followUps: ['f'] },
    items: { home: progress({ failure, products: ['b'] }), lines: progress({ products: ['l', 'm'], note: 'n' }) },
  });
  const { '@type': _type, ...own } = toSubmitted(toView(happened, body));
  expect(own).toEqual(body);
});
