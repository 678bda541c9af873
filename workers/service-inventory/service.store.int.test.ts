import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import type { ServiceState } from './service.state.ts';
import { pageOfServices, services } from './service.store.ts';
import { aClaim, aReport, aService, anInventory } from './services.fixture.ts';

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());

const save = (...states: readonly ServiceState[]) => bench.sql.begin((tx) => Promise.all(services.save(tx, states)));
const load = (...ids: readonly string[]) => bench.sql.begin((tx) => services.load(tx, ids));

test('a service is read back as it was written, whatever it has been through', async () => {
  const inventory = anInventory(...['free', 'held', 'landed', 'done', 'failed'].map((id) => aService({ id })));
  const parties = [{ id: 'p', role: 'customer', '@referredType': 'Individual' }];
  for (const serviceId of ['held', 'landed', 'done', 'failed', 'added']) {
    inventory.claim(
      'A',
      aClaim({ itemId: serviceId, serviceId, action: serviceId === 'added' ? 'add' : 'modify', parties }),
    );
    inventory.claim('B', aClaim({ itemId: serviceId, serviceId }));
  }
  const failure = { code: 'noPort', reason: 'No port is free.' };
  inventory.report(
    aReport({ orderId: 'A', itemId: 'landed', stage: 'landed', resources: [{ id: 'r', name: 'r', type: 'port' }] }),
    'landed',
  );
  inventory.report(aReport({ orderId: 'A', itemId: 'done' }), 'done');
  inventory.report(aReport({ orderId: 'A', itemId: 'failed', stage: 'failed', failure }), 'failed');
  const states = [...inventory.all(), { ...aService({ id: 'deleted' }), deleted: true }];
  await save(...states);
  const loaded = await load(...states.map(({ service }) => service.id));
  for (const state of states) expect(loaded.get(state.service.id)).toEqual(JSON.parse(JSON.stringify(state)));
});

test('pages are in order of id and follow on each other', async () => {
  await save(...['p1', 'p2', 'p3'].map((id) => aService({ id })));
  const page = (after: string) =>
    bench.sql.begin(async (tx) => (await pageOfServices(tx, after, 2)).map(({ service }) => service.id));
  expect(await page('p0')).toEqual(['p1', 'p2']);
  expect(await page('p2')).toEqual(['p3']);
});

test('the document of a service at rest is compressed, small as it is', async () => {
  const compression = async () =>
    (await bench.sql`select pg_column_compression(doc) as by from service_inventory.service where id = 'rests'`)[0]?.[
      'by'
    ];
  const name = 'A line of somebody who has a long name. '.repeat(20);
  const service = aService({ id: 'rests', state: 'reserved', name });
  await save(service);
  await save(service);
  expect(await compression()).toBe(null);
  await save({ ...service, service: { ...service.service, state: 'active', revision: 2 } });
  expect(await compression()).toBe('pglz');
});
