import { describe, expect, test } from 'vitest';
import type { CommandRefused } from '../../contracts/messages/values.ts';
import {
  aBundle,
  aChange,
  aProduct,
  aRecord,
  aService,
  aWrite,
  anInventory,
  noon,
  sent,
  shown,
} from './products.fixture.ts';
import type { Effects } from './product.state.ts';

const refusal = (effects: Effects) => {
  const [one] = sent<CommandRefused>(effects, 'command-refused');
  return one === undefined ? undefined : `${one.kind} ${one.code}`;
};

describe('a product from outside', () => {
  test('is entered as written, with its start where it is active', () => {
    const inventory = anInventory();
    inventory.create('p', aWrite({ serialNumber: '7' }));
    expect(inventory.product()).toMatchObject({
      revision: 1,
      status: 'active',
      serialNumber: '7',
      startDate: noon.toISOString(),
      components: [],
      claim: null,
    });
    inventory.create('q', aWrite({ status: 'created' }));
    expect(inventory.product('q').startDate).toBeUndefined();
  });

  test('that is entered again is shown as it is by now', () => {
    const inventory = anInventory();
    inventory.create('p', aWrite());
    inventory.replace('p', aWrite({ name: 'New' }), 1);
    expect(sent(inventory.create('p', aWrite()), 'product-changed')).toEqual([
      { product: inventory.product(), deleted: false },
    ]);
    expect(inventory.product()).toMatchObject({ revision: 2, name: 'New' });
  });
});

describe('a replacement', () => {
  test('sets what may be written and keeps what follows from orders', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv'));
    const before = inventory.product('tv');
    const { name: _name, ...write } = aWrite({ startDate: before.startDate, description: 'Second room' });
    inventory.replace('tv', write, 1);
    const { name: _old, ...kept } = before;
    expect(inventory.product('tv')).toEqual({ ...kept, revision: 2, description: 'Second room' });
  });

  test.each([
    ['of what is not there', 'nobody', aWrite(), 1, 'notFound notFound'],
    ['of what is deleted', 'deleted', aWrite(), 1, 'notFound notFound'],
    ['at a revision that moved on', 'free', aWrite(), 7, 'stale revisionMoved'],
    ['that revives the dead', 'dead', aWrite(), 1, 'conflict illegalStatus'],
    [
      'of what an order decides while it holds the product',
      'held',
      aWrite({ status: 'suspended' }),
      2,
      'conflict productBusy',
    ],
    ['of what services were made by', 'delivered', aWrite({ characteristics: {} }), 1, 'conflict productDelivered'],
    [
      'of a status that follows from services',
      'delivered',
      aWrite({ status: 'suspended' }),
      1,
      'conflict productDelivered',
    ],
    [
      'of the rest, held or delivered or neither',
      'held',
      aWrite({ name: 'New', startDate: noon.toISOString() }),
      2,
      undefined,
    ],
    [
      'that says the same in another order',
      'delivered',
      aWrite({ specification: { version: '1.0', id: 'fiber' }, name: 'New' }),
      1,
      undefined,
    ],
    ['of a status nobody else decides', 'free', aWrite({ status: 'suspended' }), 1, undefined],
  ])('%s', (_, id, write, revision, expected) => {
    const inventory = anInventory(
      aProduct({ id: 'free' }),
      aProduct({ id: 'held' }),
      aProduct({ id: 'delivered' }, 's'),
      aProduct({ id: 'dead', status: 'terminated' }),
      { ...aProduct({ id: 'deleted' }), deleted: true },
    );
    inventory.claim(1, aChange('held'));
    expect(refusal(inventory.replace(id, write, revision))).toBe(expected);
  });

  test('while an order holds the product is not undone by its record', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange());
    inventory.replace('p', aWrite({ name: 'New', startDate: noon.toISOString() }), 2);
    inventory.record(1, 1, true, aRecord({ status: 'suspended' }));
    expect(inventory.product()).toMatchObject({ revision: 4, name: 'New', status: 'suspended' });
  });
});

describe('a deletion', () => {
  test('leaves a tombstone that services no longer reach', () => {
    const inventory = anInventory(aProduct({ status: 'terminated' }, 's'));
    expect(sent<{ deleted: boolean }>(inventory.remove('p', 1), 'product-changed')).toMatchObject([
      { deleted: true, product: { revision: 2 } },
    ]);
    expect(shown(inventory.told(aService({ operatingStatus: 'suspended' })))).toEqual([]);
    expect(refusal(inventory.remove('p'))).toBe('notFound notFound');
  });

  test.each([
    ['held by an order', 'held', 'conflict productBusy'],
    ['delivered', 'delivered', 'conflict productDelivered'],
    ['a bundle with parts', 'bundle', 'conflict productDelivered'],
    ['without anything behind it', 'free', undefined],
  ])('of a product that is %s', (_, id, expected) => {
    const inventory = anInventory(
      aProduct({ id: 'held' }),
      aProduct({ id: 'free' }),
      aProduct({ id: 'delivered' }, 's'),
      ...aBundle('bundle', 'tv'),
    );
    inventory.claim(1, aChange('held'));
    expect(refusal(inventory.remove(id))).toBe(expected);
  });
});
