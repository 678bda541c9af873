import { describe, expect, test } from 'vitest';
import type { CorrectService } from '../../contracts/messages/order-management.ts';
import {
  aBundle,
  aChange,
  aComponent,
  aProduct,
  aRecord,
  aService,
  anAdd,
  anInventory,
  later,
  noon,
  sent,
  shown,
} from './products.fixture.ts';
import type { Effects } from './product.state.ts';

const suspended = { operatingStatus: 'suspended' };
const degraded = { operatingStatus: 'degraded' };
const gone = { state: 'terminated', operatingStatus: 'terminated' };
const complaints = (effects: Effects) =>
  sent<CorrectService>(effects, 'correct-service').map(
    ({ component, revision }) => `${component.serviceId} ${revision}`,
  );
const secondsUntil = (date: Date | null, from: Date = noon): number | undefined =>
  date === null ? undefined : (date.getTime() - from.getTime()) / 1_000;
const anHour = 3_600;

describe('word of a service', () => {
  test('that realizes no product is nothing: no write, no message', () => {
    const inventory = anInventory(aProduct({}, 's'));
    expect(inventory.told(aService({ id: 'stranger', ...suspended }))).toEqual({ save: [], send: [] });
  });

  test('that an order is changing is nothing yet', () => {
    const inventory = anInventory(aProduct({}, 's'));
    expect(inventory.told(aService({ ...degraded, claim: { orderId: 'x' } }))).toEqual({});
  });

  test('that is late, or was heard before, changes nothing', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.told(aService({ revision: 5, ...suspended }));
    const product = inventory.product();
    for (const revision of [5, 4]) expect(inventory.told(aService({ revision })).send).toEqual([]);
    expect(inventory.product()).toBe(product);
  });

  test('that shows nothing new is noted, without a revision of the product', () => {
    const inventory = anInventory(aProduct({}, 's'));
    expect(inventory.told(aService({ revision: 5 })).send).toEqual([]);
    expect(inventory.state()).toMatchObject({ product: { revision: 1 }, services: { s: { revision: 5 } } });
  });

  test('that does not run yet is shown, and leaves the product as it is', () => {
    const inventory = anInventory(aProduct({}, 's'));
    expect(shown(inventory.told(aService({ state: 'inactive' })))).toEqual(['p active']);
    expect(inventory.product().components[0]?.service?.state).toBe('inactive');
  });

  test('reaches the product that got the component in the same batch', () => {
    const inventory = anInventory();
    inventory.claim(1, anAdd());
    inventory.record(1, 1, false, aRecord({ status: 'pendingActive', components: [aComponent('s')] }));
    inventory.told(aService({ revision: 3 }));
    expect(inventory.state().services).toEqual({ s: { revision: 3, state: 'active', operatingStatus: 'active' } });
  });
});

describe('outside of orders', () => {
  test('a product is suspended when all of its services are, and active when all are again', () => {
    const inventory = anInventory(aProduct({}, 'a', 'b'));
    expect(shown(inventory.told(aService({ id: 'a', ...suspended })))).toEqual(['p active']);
    expect(shown(inventory.told(aService({ id: 'b', ...suspended })))).toEqual(['p suspended']);
    inventory.told(aService({ id: 'a', revision: 3 }));
    expect(inventory.product().status).toBe('suspended');
    expect(shown(inventory.told(aService({ id: 'b', revision: 3 })))).toEqual(['p active']);
  });

  test('a bundle is what its services and its parts are', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv', 'voice'));
    expect(shown(inventory.told(aService({ id: 'service of tv', ...suspended })))).toEqual(['tv suspended']);
    expect(shown(inventory.told(aService({ id: 'service of voice', ...suspended })))).toEqual([
      'voice suspended',
      'bundle suspended',
    ]);
    inventory.told(aService({ id: 'service of tv', revision: 3 }));
    expect(shown(inventory.told(aService({ id: 'service of voice', revision: 3 })))).toEqual([
      'voice active',
      'bundle active',
    ]);
  });

  test('a product that lacks something is active once it is whole, but not before', () => {
    const inventory = anInventory(
      aProduct({ status: 'pendingActive' }, 's'),
      aProduct({ id: 'lacking', status: 'pendingActive', missing: ['tv'] }, 't'),
    );
    for (const id of ['s', 't']) inventory.told(aService({ id, ...degraded }));
    expect(inventory.statuses()).toEqual({ p: 'pendingActive', lacking: 'pendingActive' });
    for (const id of ['s', 't']) inventory.told(aService({ id, revision: 3 }));
    expect(inventory.statuses()).toEqual({ p: 'active', lacking: 'pendingActive' });
  });

  test('a product that was suspended comes back as incomplete as it was', () => {
    const inventory = anInventory(aProduct({ status: 'pendingActive', missing: ['tv'] }, 's'));
    inventory.told(aService(suspended));
    expect(inventory.product().status).toBe('suspended');
    inventory.told(aService({ revision: 3 }));
    expect(inventory.product().status).toBe('pendingActive');
  });

  test('a product of which something was left behind ends when that is gone', () => {
    const inventory = anInventory(aProduct({ status: 'pendingTerminate' }, 's'));
    inventory.told(aService({ revision: 3 }));
    expect(inventory.product().status).toBe('pendingTerminate');
    inventory.told(aService({ revision: 4, ...gone }));
    expect(inventory.product()).toMatchObject({ status: 'terminated', terminationDate: noon.toISOString() });
  });

  test('the first word of a service, which may be an old one, moves nothing', () => {
    const inventory = anInventory(aProduct({ status: 'suspended', components: [aComponent('s')] }));
    inventory.told(aService());
    expect(inventory.product().status).toBe('suspended');
  });
});

test('while an order holds the product, its services move nothing and nobody is asked to correct them', () => {
  const inventory = anInventory(aProduct({}, 's'));
  inventory.claim(1, aChange());
  for (const [revision, status] of [
    [2, suspended],
    [3, degraded],
    [4, gone],
  ] as const)
    expect(inventory.told(aService({ revision, ...status })).send).toEqual([]);
  expect(inventory.product()).toMatchObject({ status: 'active', revision: 2 });
  expect(inventory.state().dueAt).toBeNull();
});

describe('a service that is not what was delivered', () => {
  test.each([
    ['degraded', aService(degraded), false],
    ['terminated', aService(gone), false],
    ['deleted', aService(), true],
  ])('for being %s is complained of at once, and the product stays', (_, service, deleted) => {
    const inventory = anInventory(aProduct({}, 's'));
    const effects = inventory.told(service, noon, deleted);
    expect(complaints(effects)).toEqual(['s 2']);
    expect(sent<CorrectService>(effects, 'correct-service')[0]).toMatchObject({
      productId: 'p',
      component: { serviceId: 's', characteristics: { rate: 1000 }, service: { revision: 2 } },
    });
    expect(inventory.product().status).toBe('active');
  });

  test('is complained of again under the same key every hour, until it is right', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.told(aService({ revision: 7, ...degraded }));
    let now = noon;
    for (let look = 0; look < 3; look += 1) {
      const { dueAt } = inventory.state();
      expect(secondsUntil(dueAt, now)).toBe(anHour);
      now = dueAt ?? now;
      expect(complaints(inventory.due('p', now))).toEqual(['s 7']);
      // A repair that came to nothing.
      expect(complaints(inventory.told(aService({ revision: 8 + look, ...degraded }), now))).toEqual([]);
    }
    inventory.told(aService({ revision: 30 }), now);
    expect(inventory.state()).toMatchObject({ corrections: {}, dueAt: null });
    expect(complaints(inventory.told(aService({ revision: 31, ...degraded }), now))).toEqual(['s 31']);
  });

  test('is not complained of where its order left it so, or its product is over', () => {
    const inventory = anInventory(
      aProduct({ id: 'partial', status: 'pendingActive' }, 'a'),
      aProduct({ id: 'over', status: 'terminated' }, 'b'),
      aProduct({ id: 'lacking', missing: ['c'] }, 'c', 'd'),
    );
    for (const id of ['a', 'b']) expect(complaints(inventory.told(aService({ id, ...degraded })))).toEqual([]);
    expect(complaints(inventory.told(aService({ id: 'c', ...gone })))).toEqual([]);
    expect(complaints(inventory.told(aService({ id: 'a', revision: 3, ...gone })))).toEqual(['a 3']);
  });

  test('is complained of by the first look after an order, when it has been told what the order came to', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.claim(1, aChange());
    inventory.told(aService({ revision: 5, ...degraded }));
    expect(complaints(inventory.record(1, 1, true, aRecord()))).toEqual([]);
    expect(secondsUntil(inventory.state().dueAt)).toBe(30);
    expect(complaints(inventory.due('p', later(30)))).toEqual(['s 5']);
  });
});

describe('a look', () => {
  test('is not taken at a product with which all is well, that is held, or over', () => {
    const inventory = anInventory(aProduct(), aProduct({ id: 'q' }, 's'));
    const dates = () => inventory.all().map(({ dueAt }) => dueAt);
    inventory.claim(1, aChange(), aChange('q'));
    expect(dates()).toEqual([null, null]);
    inventory.record(1, 1, true, aRecord(), aRecord({ productId: 'q' }));
    expect(dates()).toEqual([null, null]);
    inventory.claim(2, aChange('q'));
    inventory.record(2, 1, true, aRecord({ productId: 'q', status: 'terminated' }));
    expect(dates()).toEqual([null, null]);
  });

  test('that the release before set for a product with which all is well is the last', () => {
    const inventory = anInventory({ ...aProduct({}, 's'), dueAt: later(30) });
    expect(inventory.due('p', later(30)).send).toEqual([]);
    expect(inventory.state().dueAt).toBeNull();
  });

  test('that comes too early, or twice, does nothing', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.claim(1, aChange());
    inventory.told(aService(suspended));
    inventory.record(1, 1, true, aRecord());
    expect(inventory.due('p', later(29))).toEqual({});
    inventory.due('p', later(30));
    expect(inventory.due('p', later(30))).toEqual({});
    expect(inventory.due('nobody', later(30))).toEqual({});
  });

  test('is not needed for services of which nothing was told yet: they are asked, once, and what they say is shown', () => {
    const inventory = anInventory(aProduct({ id: 'other' }, 't'));
    inventory.claim(1, anAdd(), aChange('other', { itemId: '2' }));
    const given = inventory.record(1, 1, true, aRecord({ components: [aComponent('s')] }));
    expect(sent(given, 'tell-services')).toEqual([{ serviceIds: ['s'] }]);
    expect(inventory.state().dueAt).toBeNull();
    inventory.told(aService(), later(31));
    expect(inventory.state().dueAt).toBeNull();
    expect(inventory.product().components[0]?.service?.state).toBe('active');
  });

  test('corrects a product that does not agree with what was told while its order had it', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.claim(1, aChange());
    inventory.told(aService(suspended));
    inventory.record(1, 1, true, aRecord());
    expect(inventory.product().status).toBe('active');
    expect(secondsUntil(inventory.state().dueAt)).toBe(30);
    expect(shown(inventory.due('p', later(30)))).toEqual(['p suspended']);
    expect(inventory.state().dueAt).toBeNull();
  });

  test('leaves a product alone whose services have come to agree by then', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.claim(1, aChange());
    inventory.record(1, 1, true, aRecord({ status: 'suspended' }));
    expect(secondsUntil(inventory.state().dueAt)).toBe(30);
    inventory.told(aService(suspended), later(2));
    expect(inventory.state()).toMatchObject({ dueAt: null, product: { status: 'suspended' } });
  });

  test('compares with the first word of a service, which may have been an old one', () => {
    const inventory = anInventory(aProduct({ components: [aComponent('s')] }));
    inventory.told(aService(suspended));
    expect(secondsUntil(inventory.state().dueAt)).toBe(30);
    expect(shown(inventory.due('p', later(30)))).toEqual(['p suspended']);
  });

  test('corrects the bundle with its part', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv'));
    inventory.claim(1, aChange('bundle'));
    inventory.told(aService({ id: 'service of tv', ...suspended }));
    inventory.record(1, 1, true, aRecord({ productId: 'bundle' }), aRecord({ productId: 'tv' }));
    expect(shown(inventory.due('tv', later(30)))).toEqual(['tv suspended', 'bundle suspended']);
  });

  test('does not take back that something was left behind', () => {
    const inventory = anInventory(aProduct({}, 's'));
    inventory.claim(1, aChange());
    inventory.told(aService(gone));
    inventory.record(1, 1, true, aRecord({ status: 'pendingTerminate' }));
    for (const seconds of [30, anHour]) inventory.due('p', later(seconds));
    expect(inventory.product().status).toBe('pendingTerminate');
  });
});
