import { describe, expect, test } from 'vitest';
import { productOrderAmendment } from '../../../contracts/messages/order-management.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { productOrderCreate } from '../../../contracts/tmf/tmf622.ts';
import { readPatch } from '../../tmf630/patch.ts';
import { represent } from '../../tmf630/represent.ts';
import { readWhenStarted, toAmendment } from './amendment.ts';
import { productOrderResource as resource } from './descriptor.ts';
import { toRequest, toSubmitted, toView } from './translate.ts';

const id = '019f0000-0000-7000-8000-000000000001';
const now = new Date('2026-03-01T12:00:00.000Z');
const body = productOrderCreate.parse({
  description: 'old',
  externalId: 'x',
  productOrderItem: [
    {
      id: 'home',
      action: 'add',
      product: { productSpecification: { id: 'home' } },
      productOrderItem: [
        { id: 'tv', action: 'add', product: { productCharacteristic: [{ name: 'channels', value: 9 }] } },
      ],
    },
    { id: 'old', action: 'modify', product: { id: 'p-1' } },
  ],
});
const shown = toView(
  {
    ...{ id, revision: 1, stage: 'decomposed', state: 'inProgress', request: toRequest(body, id, now) },
    ...{ deliveries: [], rules: [], updatedAt: now.toISOString(), followUps: [] },
    items: {
      home: { state: 'inProgress', products: ['b', 'b-tv'], note: 'Waits.' },
      tv: { state: 'pending', products: ['b-tv'] },
    },
  },
  body,
);

/** What a client's PATCH asks for, and what is kept of it. */
function patched(json: unknown, mediaType = 'application/merge-patch+json') {
  const asRead = (doc: JsonObject) => represent(resource, { id, revision: 1, doc }, 'http://h');
  const { doc, changed } = readPatch(resource, asRead, { bytes: new Uint8Array(), mediaType, json }).apply(shown);
  const amendment = toAmendment(shown, doc, changed, 'refuse');
  expect(productOrderAmendment.parse(amendment)).toEqual(amendment);
  return { amendment, kept: toSubmitted(doc) };
}
const step = (op: string, path: string, value?: unknown) =>
  patched([{ op, path, value }], 'application/json-patch+json');
const channels = '/productOrderItem/0/productOrderItem/0/product/productCharacteristic/0/value';
const asRead = () => represent(resource, { id, revision: 1, doc: shown }, 'http://h');
const items = () => structuredClone(asRead()['productOrderItem']) as JsonObject[];

describe('a patch', () => {
  test('has what changed, and null for what was removed', () => {
    const party = { id: 'q', '@referredType': 'Individual', '@type': 'RelatedParty' };
    expect(patched({ description: 'new', externalId: null, relatedParty: [party], notificationContact: 'me' })).toEqual(
      {
        amendment: { description: 'new', externalId: null, parties: [party], whenStarted: 'refuse' },
        kept: expect.objectContaining({ description: 'new', notificationContact: 'me' }) as unknown,
      },
    );
  });

  test('of one item within another asks for that item alone to be replaced', () => {
    const { amendment, kept } = step('replace', channels, 12);
    expect(amendment.items).toMatchObject([{ itemId: 'tv', partOf: 'home', characteristics: { channels: 12 } }]);
    expect(kept['productOrderItem']).toMatchObject([
      { productOrderItem: [{ product: { productCharacteristic: [{ value: 12 }] } }] },
      {},
    ]);
    expect(JSON.stringify(kept)).not.toMatch(/"state"|resultingProduct|b-tv|standing-/);
  });

  test('that sends the items back as they were read, or without their states, changes none', () => {
    expect(patched({ description: 'new', productOrderItem: items() }).amendment).not.toHaveProperty('items');
    const bare = body.productOrderItem;
    expect(patched({ productOrderItem: bare }).amendment).toEqual({ whenStarted: 'refuse' });
  });

  test.each([
    ['an item', { productOrderItem: [...body.productOrderItem, { id: 'new', action: 'add' }] }, /added .*: new/],
    ['the loss of an item', { productOrderItem: body.productOrderItem.slice(0, 1) }, /taken out .*: old/],
    ['a state', { state: 'cancelled' }, /^state of an accepted order/],
    ['a date of completion', { completionDate: now.toISOString() }, /^completionDate of an accepted order/],
    ['an expectation', { expectedCompletionDate: now.toISOString() }, /^expectedCompletionDate of an accepted order/],
  ])('is refused for %s', (_, json, why) => {
    expect(() => patched(json)).toThrow(why);
  });

  test('is refused for an item’s state, for what no worker could act on, and for too many', () => {
    expect(() => step('replace', '/productOrderItem/0/productOrderItem/0/state', 'completed')).toThrow(
      /state of item 'tv'/,
    );
    expect(() => step('add', '/productOrderItem/1/quantity', 2)).toThrow(/modify and quantity 2/);
    expect(() => step('add', '/productOrderItem/0/quantity', 101)).toThrow(/comes to 203 products/);
  });
});

test('what becomes of a change that comes too late is said by the query, and is a refusal where nothing is said', () => {
  const read = (query: string) => readWhenStarted(new URLSearchParams(query));
  expect([read(''), read('whenStarted=refuse'), read('whenStarted=followUp')]).toEqual([
    'refuse',
    'refuse',
    'followUp',
  ]);
  for (const query of ['whenStarted=', 'whenStarted=later', 'whenStarted=followUp&whenStarted=refuse'])
    expect(() => read(query)).toThrow('whenStarted is refuse or followUp.');
});
