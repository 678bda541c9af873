import { describe, expect, test } from 'vitest';
import type { Product } from '../../contracts/messages/product-inventory.ts';
import type { Effects } from './product.state.ts';
import { aBundle, aChange, aDraft, aProduct, aRecord, anAdd, anInventory, sent, shown } from './products.fixture.ts';

interface Verdict {
  verdict: string;
  products?: Product[];
  refusals?: { itemId: string; productId: string; failure: { code: string; reason: string } }[];
}
const verdict = (effects: Effects): Verdict | undefined => sent<Verdict>(effects, 'products-claimed')[0];
const refusals = (effects: Effects) =>
  (verdict(effects)?.refusals ?? []).map(({ itemId, productId, failure }) => [itemId, productId, failure.code]);

describe('a claim', () => {
  test('enters added products in status created, held by their order', () => {
    const inventory = anInventory();
    const claimed = inventory.claim(1, anAdd('a'), anAdd('b', { itemId: '2' }));
    expect(verdict(claimed)).toEqual({ verdict: 'claimed', orderId: 'order-1', products: [] });
    expect(shown(claimed)).toEqual(['a created', 'b created']);
    expect(inventory.product('b')).toMatchObject({
      revision: 1,
      claim: { orderId: 'order-1', itemId: '2', status: 'created' },
      orderItems: [{ orderId: 'order-1', itemId: '2', action: 'add' }],
      characteristics: { speed: 1000 },
    });
    expect(inventory.product('b').startDate).toBeUndefined();
  });

  test('of what is there answers with it as it was, and holds it with the status it had', () => {
    const inventory = anInventory(aProduct({ status: 'suspended' }));
    const before = inventory.product();
    expect(verdict(inventory.claim(1, aChange()))?.products).toEqual([{ ...before, parties: [] }]);
    expect(inventory.product()).toMatchObject({
      revision: 2,
      parties: before.parties,
      status: 'suspended',
      claim: { orderId: 'order-1', itemId: '1', status: 'suspended' },
    });
  });

  test('of a bundle takes its parts with it, theirs too, but for those that have ended', () => {
    const [bundle, tv, voice, gone] = aBundle('bundle', 'tv', 'voice', 'gone');
    const nested = aBundle('tv', 'sports').slice(1);
    const inventory = anInventory(
      bundle!,
      { ...tv!, parts: ['sports'] },
      voice!,
      { ...gone!, product: { ...gone!.product, status: 'terminated' } },
      ...nested,
    );
    const claimed = inventory.claim(1, aChange('bundle'), aChange('voice', { itemId: '1.1' }));
    expect(verdict(claimed)?.products?.map(({ id }) => id)).toEqual(['bundle', 'tv', 'sports', 'voice']);
    expect(inventory.product('sports').claim).toMatchObject({ itemId: '1' });
    expect(inventory.product('voice').claim).toMatchObject({ itemId: '1.1' });
    expect(inventory.product('gone').claim).toBeNull();
  });

  test('is granted for all its products or for none', () => {
    const inventory = anInventory(aProduct({ id: 'free' }), aProduct({ id: 'held' }));
    inventory.claim(1, aChange('held'));
    const second = inventory.claim(2, aChange('free'), aChange('held', { itemId: '2' }), anAdd('new', { itemId: '3' }));
    expect(refusals(second)).toEqual([['2', 'held', 'productBusy']]);
    expect(verdict(second)?.refusals?.[0]?.failure.reason).toContain('order-1');
    expect(inventory.product('free').claim).toBeNull();
    expect(() => inventory.product('new')).toThrow();
  });

  test.each([
    ['unknown', aChange('nobody'), 'unknownProduct'],
    ['deleted', aChange('deleted'), 'unknownProduct'],
    ['terminated', aChange('terminated'), 'productTerminated'],
    ['cancelled', aChange('cancelled'), 'productTerminated'],
    ['there already', anAdd('p'), 'productExists'],
    ['not described', anAdd('new', { draft: undefined }), 'productUndescribed'],
    [
      'part of a bundle that is not there',
      anAdd('new', { draft: aDraft({ bundle: { productId: 'x', name: 'n' } }) }),
      'unknownBundle',
    ],
    ['part of itself', anAdd('new', { draft: aDraft({ bundle: { productId: 'new', name: 'n' } }) }), 'unknownBundle'],
    [
      'part of a bundle that has ended',
      anAdd('new', { draft: aDraft({ bundle: { productId: 'terminated', name: 'n' } }) }),
      'unknownBundle',
    ],
    [
      'part of a bundle that another order holds',
      anAdd('new', { draft: aDraft({ bundle: { productId: 'held', name: 'n' } }) }),
      'productBusy',
    ],
    ['a bundle with a part that another order holds', aChange('bundle'), 'productBusy'],
  ])('is refused for a product that is %s', (_, claim, code) => {
    const inventory = anInventory(
      aProduct(),
      aProduct({ id: 'held' }),
      aProduct({ id: 'terminated', status: 'terminated' }),
      aProduct({ id: 'cancelled', status: 'cancelled' }),
      { ...aProduct({ id: 'deleted' }), deleted: true },
      ...aBundle('bundle', 'part'),
    );
    inventory.claim(1, aChange('held'), aChange('part', { itemId: '2' }));
    expect(refusals(inventory.claim(2, claim))).toEqual([['1', claim.productId, code]]);
  });

  test('that names a product twice is refused', () => {
    const inventory = anInventory(aProduct());
    expect(refusals(inventory.claim(1, aChange(), aChange('p', { itemId: '2' })))).toEqual([
      ['2', 'p', 'productTwice'],
    ]);
  });

  test('may name a part before its bundle, and a part of a bundle that is there', () => {
    const inventory = anInventory(aProduct({ id: 'old', isBundle: true }));
    const inside = (productId: string) => ({ draft: aDraft({ bundle: { productId, name: 'part' } }) });
    inventory.claim(1, anAdd('inner', inside('outer')), anAdd('outer'), anAdd('more', inside('old')));
    expect(inventory.state('outer')).toMatchObject({ parts: ['inner'], family: 'outer' });
    expect(inventory.state('inner').family).toBe('outer');
    expect(inventory.state('old').parts).toEqual(['more']);
    expect(inventory.state('more').family).toBe('old');
  });
});

describe('asked again', () => {
  test('it answers the same, whatever its order has made of the products since', () => {
    const inventory = anInventory(...aBundle('bundle', 'tv'));
    const claims = [aChange('bundle'), anAdd('new', { itemId: '2' })];
    const first = verdict(inventory.claim(1, ...claims));
    inventory.record(1, 1, false, aRecord({ productId: 'bundle', status: 'pendingTerminate' }));
    inventory.record(1, 2, false, aRecord({ productId: 'tv', status: 'terminated' }));
    const again = inventory.claim(1, ...claims);
    expect(verdict(again)).toEqual(first);
    expect(shown(again)).toEqual([]);
  });

  test('it refuses again, though the product is free by now', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange());
    const refused = verdict(inventory.claim(2, aChange()));
    inventory.record(1, 1, true);
    expect(verdict(inventory.claim(2, aChange()))).toEqual(refused);
    expect(inventory.product().claim).toBeNull();
  });

  test('for an order that gave its products back, it holds nothing and says nothing', () => {
    const inventory = anInventory(aProduct());
    inventory.claim(1, aChange());
    inventory.record(1, 1, true, aRecord());
    expect(inventory.claim(1, aChange())).toEqual({});
    inventory.record(2, 1, true);
    expect(inventory.claim(2, aChange())).toEqual({});
  });

  test('of the order items that changed a product, it names the newest fifty', () => {
    const inventory = anInventory(aProduct());
    for (let n = 1; n <= 60; n += 1) {
      inventory.claim(n, aChange());
      inventory.record(n, 1, true, aRecord());
    }
    const named = inventory.product().orderItems.map(({ orderId }) => orderId);
    expect([named.length, named.at(0), named.at(-1)]).toEqual([50, 'order-11', 'order-60']);
  });

  test('for more, it adds to what the order holds; what it may not have leaves it the rest', () => {
    const inventory = anInventory(aProduct({ id: 'a' }), aProduct({ id: 'b' }), aProduct({ id: 'c' }));
    inventory.claim(1, aChange('a'));
    inventory.claim(2, aChange('c'));
    expect(refusals(inventory.claim(1, aChange('a'), aChange('c', { itemId: '2' })))).toEqual([
      ['2', 'c', 'productBusy'],
    ]);
    const more = verdict(inventory.claim(1, aChange('a'), aChange('b', { itemId: '3' })));
    expect(more?.products?.map(({ id, revision }) => [id, revision])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    inventory.claim(1, aChange('b', { itemId: '3' }));
    inventory.record(1, 1, true);
    expect(inventory.all().map(({ product }) => product.claim?.orderId)).toEqual([undefined, undefined, 'order-2']);
  });
});
