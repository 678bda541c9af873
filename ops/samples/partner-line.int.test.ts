/** The ethernet line, its access carried out by a partner who has a Patchbay of his own: configuration is all that differs. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withProductId } from '../cli/rules/explain.ts';
import { type Partner, startPartner } from '../verify/testbed/partner.ts';
import { type System, startSystem } from '../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../verify/testbed/testbed.ts';

const orders = '/tmf-api/productOrderingManagement/v4/productOrder';
const products = '/tmf-api/productInventory/v4/product';
const serviceOrders = '/tmf-api/serviceOrdering/v4/serviceOrder';
const services = '/tmf-api/serviceInventory/v4/service';
/** What is waited for takes two fleets, on a machine that is busy. */
const patiently = { timeout: 60_000, interval: 50 };
type Json = Record<string, unknown>;

let partner: Partner;
let testbed: Testbed;
let system: System;
beforeAll(async () => {
  [partner, testbed] = await Promise.all([startPartner(), createTestbed()]);
  system = await startSystem(testbed, {
    OUTSIDE_SERVICE_ORDERING: JSON.stringify({
      'ethernet-access': { url: partner.url, token: 'our-token', poll: '200ms', timeout: '3s', settle: '1s' },
    }),
  });
}, 60_000);
afterAll(async () => {
  await system?.close();
  await Promise.all([partner?.close(), testbed?.close()]);
});

const ask = async (path: string): Promise<Json[]> => (await (await system.request(path)).json()) as Json[];

async function place(name: string, productId?: string): Promise<string> {
  const file = await readFile(new URL(`${name}.product-order.json`, import.meta.url), 'utf8');
  const answer = await system.request(orders, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(withProductId(JSON.parse(file), productId)),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}
const isIn = (id: string, state: string): Promise<boolean> =>
  vi.waitUntil(async () => (await ask(`${orders}?id=${id}`)).some((order) => order['state'] === state), patiently);
const onNetworks = async (): Promise<Json> => {
  const held = async (network: System['network']): Promise<Json> =>
    Object.fromEntries(
      Object.entries(await network.holdings())
        .map(([manager, one]) => [manager, Object.keys(one)] as const)
        .filter(([, one]) => one.length > 0),
    );
  return { ours: await held(system.network), theirs: await held(partner.network) };
};
const atPartner = async (path: string): Promise<Json[]> => (await partner.ask(path)) as Json[];

test('a line is ordered from a partner who is killed midway, made once, changed, and given back', async () => {
  // The partner's own supplier takes his time, so that midway is a place to be.
  await partner.network.pace({ afterMs: null });
  const id = await place('ethernet-line');
  await vi.waitUntil(async () => (await atPartner(serviceOrders)).some(({ state }) => state === 'pending'), patiently);
  await partner.kill();
  // The supplier delivers to a partner who is not there, and we ask one who does not answer.
  await partner.network.deliver();
  await partner.network.pace({ afterMs: 20 });
  const asked = partner.requests.length;
  await vi.waitUntil(() => partner.requests.length > asked + 2, patiently);
  expect(await ask(products)).toMatchObject([{ status: 'pendingActive' }]);
  await partner.start();
  await isIn(id, 'completed');

  const [product, ...otherProducts] = await ask(products);
  const [service, ...otherServices] = await atPartner(services);
  const [serviceOrder, ...otherOrders] = await atPartner(serviceOrders);
  expect([otherProducts, otherServices, otherOrders]).toEqual([[], [], []]);
  const serviceId = String(service?.['id']);
  expect(product).toMatchObject({ status: 'active', realizingService: [{ id: serviceId }] });
  expect(service).toMatchObject({ state: 'active', operatingStatus: 'active' });
  expect(serviceOrder).toMatchObject({ state: 'completed', externalId: expect.any(String) });
  expect(await onNetworks()).toEqual({ ours: {}, theirs: { partner: [serviceId], metro: [serviceId] } });
  expect((await partner.network.summary()).totals).toMatchObject({ excess: 0, repeated: 0 });
  expect([await ask(serviceOrders), await ask(services)]).toEqual([[], []]);

  const productId = String(product?.['id']);
  await isIn(await place('ethernet-line.modify', productId), 'completed');
  const wider = expect.arrayContaining([expect.objectContaining({ name: 'bandwidthMbps', value: 500 })]);
  expect(await partner.ask(`${services}/${serviceId}`)).toMatchObject({ serviceCharacteristic: wider });

  await isIn(await place('ethernet-line.disconnect', productId), 'completed');
  expect(await ask(products)).toMatchObject([{ id: productId, status: 'terminated' }]);
  expect(await atPartner(services)).toMatchObject([{ id: serviceId, state: 'terminated' }]);
  expect(await onNetworks()).toEqual({ ours: {}, theirs: {} });
  const placed = partner.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/serviceOrder'));
  expect(placed).toHaveLength(3);
}, 120_000);
