import { describe, expect, test } from 'vitest';
import type { ProductStatus } from '../../contracts/states/product.ts';
import { productStatuses } from '../../contracts/states/product.ts';
import { isLive, mayBecome, productEnded, productTransitions } from './product.machine.ts';
import {
  aBundle,
  aChange,
  aComponent,
  aDraft,
  aProduct,
  aRecord,
  aService,
  anAdd,
  anInventory,
  sent,
  shown,
} from './products.fixture.ts';

describe('a record', () => {
  test('writes what it names, leaves the rest as it was, and is answered', () => {
    const inventory = anInventory();
    inventory.claim(1, anAdd());
    const components = [aComponent('s')];
    const effects = inventory.record(
      1,
      1,
      false,
      aRecord({ action: 'add', status: 'pendingActive', rule: '1', components, characteristics: { speed: 500 } }),
    );
    expect(sent(effects, 'products-recorded')).toEqual([{ orderId: 'order-1', number: 1 }]);
    inventory.record(1, 2, false, aRecord({ status: 'active', missing: ['tv'] }));
    expect(inventory.product()).toMatchObject({
      revision: 3,
      status: 'active',
      rule: '1',
      characteristics: { speed: 500 },
      components,
      missing: ['tv'],
      name: 'Fiber',
      claim: { orderId: 'order-1' },
      orderItems: [{ orderId: 'order-1', itemId: '1', action: 'add' }],
    });
  });

  test('that comes late changes nothing; the last one is answered again and changes nothing either', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange());
    inventory.record(1, 2, true, aRecord({ status: 'suspended' }));
    const product = inventory.product();
    expect(inventory.record(1, 1, false, aRecord({ status: 'pendingActive' }))).toEqual({});
    const again = inventory.record(1, 2, true, aRecord({ status: 'suspended' }));
    expect(again.save).toBeUndefined();
    expect(sent(again, 'products-recorded')).toEqual([{ orderId: 'order-1', number: 2 }]);
    expect(inventory.product()).toBe(product);
  });

  test('that comes late is nothing to the order that holds the product by now', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange());
    inventory.record(1, 1, true, aRecord());
    inventory.claim(2, aChange());
    inventory.record(1, 1, true, aRecord({ status: 'terminated' }));
    expect(inventory.product()).toMatchObject({ status: 'active', claim: { orderId: 'order-2' } });
  });

  test('gives back everything its order holds, written or not', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv'), aProduct());
    inventory.claim(1, aChange('bundle'), aChange('p', { itemId: '2' }), anAdd('new', { itemId: '3' }));
    inventory.record(1, 1, true, aRecord({ productId: 'bundle' }));
    expect(inventory.all().map(({ product, before }) => [product.id, product.claim, before])).toEqual(
      ['bundle', 'tv', 'p', 'new'].map((id) => [id, null, null]),
    );
    expect(inventory.product('new').status).toBe('cancelled');
    inventory.claim(2, aChange('tv'));
    expect(inventory.product('tv').claim?.orderId).toBe('order-2');
  });

  test('that gives back in silence what was worked on leaves it as it was before, or comes to nothing', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange(), anAdd('bundle', { itemId: '2', draft: aDraft({ isBundle: true }) }));
    const draft = aDraft({ bundle: { productId: 'bundle', name: 'tv' } });
    inventory.record(
      1,
      1,
      false,
      aRecord({ status: 'pendingTerminate' }),
      aRecord({ productId: 'bundle', action: 'add', status: 'pendingActive' }),
      aRecord({ productId: 'tv', draft, action: 'add', status: 'pendingActive' }),
    );
    inventory.record(1, 2, true, aRecord({ productId: 'bundle', action: 'add' }));
    expect(inventory.statuses()).toEqual({ p: 'active', bundle: 'active', tv: 'cancelled' });
  });

  test('enters the parts of a bundle that its order adds, and links them', () => {
    const inventory = anInventory();
    inventory.claim(1, anAdd('bundle', { draft: aDraft({ isBundle: true }) }));
    const draft = aDraft({ bundle: { productId: 'bundle', name: 'tv' } });
    const effects = inventory.record(
      1,
      1,
      false,
      aRecord({ productId: 'bundle', status: 'pendingActive' }),
      aRecord({ productId: 'tv', draft, action: 'add', status: 'pendingActive', components: [aComponent('s')] }),
    );
    expect(shown(effects)).toEqual(['tv pendingActive', 'bundle pendingActive']);
    expect(inventory.state('bundle').parts).toEqual(['tv']);
    expect(inventory.product('tv')).toMatchObject({
      revision: 1,
      claim: { orderId: 'order-1', itemId: '1', status: 'created' },
      bundle: { productId: 'bundle', name: 'tv' },
      orderItems: [{ orderId: 'order-1', itemId: '1', action: 'add' }],
    });
    inventory.record(1, 2, true, ...['bundle', 'tv'].map((productId) => aRecord({ productId })));
    expect(inventory.statuses()).toEqual({ bundle: 'active', tv: 'active' });
    expect(inventory.product('tv').claim).toBeNull();
  });

  test('dates the first time a product is active, and its termination', () => {
    const inventory = anInventory();
    inventory.claim(1, anAdd());
    inventory.record(1, 1, false, aRecord({ status: 'pendingActive' }));
    expect(inventory.product().startDate).toBeUndefined();
    inventory.record(1, 2, false, aRecord({ status: 'active' }));
    expect(inventory.product().startDate).toBe('2026-03-01T12:00:00.000Z');
    expect(inventory.product().terminationDate).toBeUndefined();
    inventory.record(1, 3, true, aRecord({ status: 'terminated' }));
    expect(inventory.product().terminationDate).toBe('2026-03-01T12:00:00.000Z');
  });

  test('shows what was told of the services meanwhile', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.claim(1, aChange());
    inventory.told(aService({ revision: 7, operatingStatus: 'suspended' }));
    inventory.record(1, 1, true, aRecord({ status: 'suspended', components: [aComponent('s')] }));
    expect(inventory.product().components[0]?.service).toEqual({
      revision: 7,
      state: 'active',
      operatingStatus: 'suspended',
    });
  });
});

describe('a bundle', () => {
  test('is terminated after its parts, in whatever order they are named', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv', 'voice'));
    inventory.claim(1, aChange('bundle', { action: 'delete' }));
    const ended = ['bundle', 'tv', 'voice'].map((productId) => aRecord({ productId, status: 'terminated' }));
    expect(shown(inventory.record(1, 1, true, ...ended))).toEqual([
      'tv terminated',
      'voice terminated',
      'bundle terminated',
    ]);
  });

  test('of which a part is left waits for it, and ends with it', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv', 'voice'));
    inventory.claim(1, aChange('bundle', { action: 'delete' }));
    inventory.record(
      1,
      1,
      true,
      aRecord({ productId: 'bundle', status: 'terminated' }),
      aRecord({ productId: 'tv', status: 'terminated' }),
      aRecord({ productId: 'voice', status: 'pendingTerminate' }),
    );
    expect(inventory.statuses()).toEqual({ bundle: 'pendingTerminate', tv: 'terminated', voice: 'pendingTerminate' });
    inventory.claim(2, aChange('voice', { action: 'delete' }));
    inventory.record(2, 1, true, aRecord({ productId: 'voice', status: 'terminated' }));
    expect(inventory.product('bundle')).toMatchObject({
      status: 'terminated',
      terminationDate: '2026-03-01T12:00:00.000Z',
    });
  });

  test('does not end with one of its parts while another is left', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv', 'voice'));
    inventory.claim(1, aChange('bundle', { action: 'delete' }));
    inventory.record(1, 1, true, aRecord({ productId: 'bundle', status: 'terminated' }));
    inventory.claim(2, aChange('voice', { action: 'delete' }));
    inventory.record(2, 1, true, aRecord({ productId: 'voice', status: 'terminated' }));
    expect(inventory.statuses()).toEqual({ bundle: 'pendingTerminate', tv: 'active', voice: 'terminated' });
  });

  test('follows its parts when orders change them alone', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv', 'voice'));
    for (const [order, part] of [
      [1, 'tv'],
      [2, 'voice'],
    ] as const) {
      inventory.claim(order, aChange(part));
      expect(inventory.product('bundle').status).toBe('active');
      inventory.record(order, 1, true, aRecord({ productId: part, status: 'suspended' }));
    }
    expect(inventory.product('bundle').status).toBe('suspended');
    inventory.claim(3, aChange('tv'));
    inventory.record(3, 1, true, aRecord({ productId: 'tv' }));
    expect(inventory.product('bundle').status).toBe('suspended');
    inventory.claim(4, aChange('voice'));
    inventory.record(4, 1, true, aRecord({ productId: 'voice' }));
    expect(inventory.product('bundle').status).toBe('active');
  });
});

describe('a record is for a person', () => {
  test.each([
    ['of a product that nobody knows', aRecord({ productId: 'nobody' }), 'unknownProduct'],
    ['of a product that the order does not hold', aRecord({ productId: 'other' }), 'productNotHeld'],
    ['that revives the dead', aRecord({ productId: 'dead' }), 'productNotHeld'],
    ['that makes nothing of what the customer has had', aRecord({ status: 'cancelled' }), 'illegalStatus'],
    ['that makes the existing a draft again', aRecord({ status: 'created' }), 'illegalStatus'],
  ])('%s', (_, one, code) => {
    const inventory = anInventory(
      aProduct(),
      aProduct({ id: 'other' }),
      aProduct({ id: 'dead', status: 'terminated' }),
    );
    inventory.claim(1, aChange());
    inventory.claim(2, aChange('other'));
    expect(inventory.tryRecord(1, 1, true, one)).toMatchObject({ code });
  });

  test('that writes a product twice, or after its order gave everything back', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange());
    expect(inventory.tryRecord(1, 1, true, aRecord(), aRecord())).toMatchObject({ code: 'productTwice' });
    inventory.record(1, 1, true);
    expect(inventory.tryRecord(1, 2, true, aRecord())).toMatchObject({ code: 'productNotHeld' });
    expect(inventory.tryRecord(1, 2, true, aRecord({ productId: 'new', draft: aDraft() }))).toMatchObject({
      code: 'productsReleased',
    });
  });
});

describe('the table of statuses', () => {
  test('leads nowhere from an end, and everywhere else somewhere', () => {
    const ends = productStatuses.filter(productEnded);
    expect(ends).toEqual(['cancelled', 'terminated', 'aborted']);
    for (const status of productStatuses) {
      expect(productTransitions[status].length > 0).toBe(!ends.includes(status));
      if (ends.includes(status)) expect(isLive(status)).toBe(false);
    }
  });

  test('lets what was never active come to nothing, and nothing else', () => {
    expect(mayBecome({ status: 'pendingTerminate', claim: null }, 'cancelled')).toBe(true);
    expect(mayBecome({ status: 'pendingTerminate', claim: null, startDate: '2026' }, 'cancelled')).toBe(false);
  });

  test('lets an order put a product back where it found it, but not one that has ended', () => {
    const found = (status: ProductStatus, now: ProductStatus) => mayBecome({ status: now, claim: { status } }, status);
    expect(found('created', 'pendingActive')).toBe(true);
    expect(mayBecome({ status: 'pendingActive', claim: null }, 'created')).toBe(false);
    expect(found('active', 'terminated')).toBe(false);
  });
});
