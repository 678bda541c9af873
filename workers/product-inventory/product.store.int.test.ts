import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { leaseDueRows } from '../../ops/platform/messaging/alarm.store.ts';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import { type Entry, keyOf, orderKey, serviceKey } from './product.state.ts';
import { inventory, pageOfProducts, productRows } from './product.store.ts';
import {
  aBundle,
  aChange,
  aDraft,
  aProduct,
  aRecord,
  aService,
  anAdd,
  anInventory,
  later,
} from './products.fixture.ts';

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());
beforeEach(async () => void (await bench.sql`truncate product_inventory.product, product_inventory.known_order`));

const save = (...entries: readonly Entry[]) => bench.sql.begin((tx) => Promise.all(inventory.save(tx, entries)));
const load = (...keys: readonly string[]) => bench.sql.begin((tx) => inventory.load(tx, keys));
const loaded = async (...keys: readonly string[]) => [...(await load(...keys)).keys()].toSorted();

test('products and orders are read back as they were written, whatever they have been through', async () => {
  const world = anInventory(
    ...aBundle('bundle', 'tv'),
    aProduct({ id: 'looked at' }, 's', 't'),
    aProduct({ id: 'held', serialNumber: '7' }),
    { ...aProduct({ id: 'deleted' }, 'u'), deleted: true },
  );
  world.claim(
    1,
    aChange('held'),
    anAdd('new', { itemId: '2', draft: aDraft({ relationships: [{ type: 'reliesOn', productId: 'held' }] }) }),
  );
  world.claim(2, aChange('held'));
  world.claim(3, aChange('bundle'));
  world.record(3, 1, true, aRecord({ productId: 'bundle', missing: ['voice'], rule: '1', status: 'pendingActive' }));
  world.told(aService({ operatingStatus: 'degraded' }));
  world.due('looked at', later(3_600));
  await save(...world.entries());
  const found = await load(...world.entries().map(keyOf));
  for (const entry of world.entries()) {
    // The release before takes no row without the number of looks.
    const columns = entry.kind === 'product' ? { dueAt: entry.dueAt, looks: 0 } : {};
    expect(found.get(keyOf(entry))).toEqual({ ...JSON.parse(JSON.stringify(entry)), ...columns });
  }
});

test('a product comes with its whole bundle, an order with what it holds, a service with what it realizes', async () => {
  const world = anInventory(...aBundle('bundle', 'tv', 'voice'), aProduct({}, 's'), {
    ...aProduct({ id: 'deleted' }, 's'),
    deleted: true,
  });
  world.claim(1, aChange('tv'));
  await save(...world.entries());
  expect(await loaded('tv')).toEqual(['bundle', 'tv', 'voice']);
  expect(await loaded('bundle', 'p')).toEqual(['bundle', 'p', 'tv', 'voice']);
  expect(await loaded(orderKey('order-1'))).toEqual(['bundle', orderKey('order-1'), 'tv', 'voice']);
  expect(await loaded(orderKey('order-2'), serviceKey('stranger'), 'nobody')).toEqual([]);
  expect(await load(serviceKey('s'))).toEqual(
    new Map<string, unknown>([
      ['p', { ...world.state(), looks: 0 }],
      [serviceKey('s'), { kind: 'service', serviceId: 's', productIds: ['p'] }],
    ]),
  );
  world.record(1, 1, true);
  await save(...world.entries());
  expect(await loaded(orderKey('order-1'))).toEqual([orderKey('order-1')]);
});

test('a product is found by the services it got last, and by no others', async () => {
  await save(aProduct({}, 's'));
  await save({ ...aProduct({ revision: 2 }, 't'), family: 'p' });
  expect(await loaded(serviceKey('s'))).toEqual([]);
  expect(await loaded(serviceKey('t'))).toEqual(['p', serviceKey('t')]);
});

test('a product that somebody else is changing is waited for, and comes as it is then', async () => {
  const ids = Array.from({ length: 300 }, (_, at) => `p-${at}`);
  await save(...ids.map((id) => aProduct({ id }, `s-${id}`)));
  await bench.sql`analyze product_inventory.product`;
  const wanted = [...ids.slice(0, 30), orderKey('order-1'), serviceKey('s-p-200')];
  const changing = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  const change = bench.sql.begin(async (tx) => {
    await Promise.all(
      inventory.save(tx, [aProduct({ id: 'p-7', revision: 9 }), aProduct({ id: 'p-200', revision: 9 }, 's-p-200')]),
    );
    changing.resolve();
    await changed.promise;
  });
  await changing.promise;
  const loading = load(...wanted);
  await vi.waitUntil(async () => {
    const [waits] = await bench.sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return waits !== undefined;
  }, 10_000);
  changed.resolve();
  await change;
  const found = await loading;
  expect([...found.keys()].toSorted()).toEqual([...ids.slice(0, 30), 'p-200', serviceKey('s-p-200')].toSorted());
  expect(found.get('p-7')).toMatchObject({ product: { revision: 9 } });
});

test('alarms ring for products whose time has come, oldest first, and are leased until the product is saved', async () => {
  const at = (id: string, secondsAgo: number | null) => ({
    ...aProduct({ id }),
    dueAt: secondsAgo === null ? null : new Date(Date.now() - secondsAgo * 1_000),
  });
  await save(at('a', 20), at('later', -3_600), at('never', null), at('b', 40), at('again', 60));
  await save(at('again', null));
  const taken = async (limit: number) => (await leaseDueRows(bench.sql, productRows, limit)).map(({ id }) => id);
  expect(await taken(1)).toEqual(['b']);
  expect(await taken(10)).toEqual(['a']);
  expect(await taken(10)).toEqual([]);
  await save(at('b', 30));
  expect(await taken(10)).toEqual(['b']);
});

test('pages are in order of id and follow on each other', async () => {
  await save(...['p1', 'p2', 'p3'].map((id) => aProduct({ id })));
  const page = (after: string | null) =>
    bench.sql.begin(async (tx) => (await pageOfProducts(tx, after, 2)).map(({ product }) => product.id));
  expect(await page(null)).toEqual(['p1', 'p2']);
  expect(await page('p2')).toEqual(['p3']);
});
