import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type System, sampleOrder, startSystem } from '../../ops/verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../ops/verify/testbed/testbed.ts';
import { soon } from '../../ops/verify/testbed/workbench.ts';

const ordering = '/tmf-api/serviceOrdering/v4';
const services = '/tmf-api/serviceInventory/v4/service';
type Json = Record<string, unknown>;

let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const ask = async (path: string, body?: Json): Promise<Json> => {
  const content = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await system.request(path, body === undefined ? {} : content);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
};
const placed = async (order: Json): Promise<string> => String((await ask(`${ordering}/serviceOrder`, order))['id']);
const isIn = (path: string, state: string): Promise<Json> =>
  vi.waitUntil(async () => {
    const found = await ask(path);
    return found['state'] === state && found;
  }, soon);
const ended = (id: string, state: string): Promise<Json> => isIn(`${ordering}/serviceOrder/${id}`, state);
const characteristics = (values: Json) => ({
  serviceCharacteristic: Object.entries(values).map(([name, value]) => ({ name, value })),
});
const change = (action: string, service: Json): Json => ({ serviceOrderItem: [{ id: '1', action, service }] });
const serviceOf = (order: Json, itemId: string): string => {
  const items = order['serviceOrderItem'] as { id: string; service: { id: string } }[];
  return items.find(({ id }) => id === itemId)?.service.id ?? '';
};

test.each([
  ['voice', 'ims'],
  ['tv', 'iptv'],
])('%s is bound to the port of the line it stands on', async (sample, platform) => {
  const order = await ended(await placed(await sampleOrder(sample)), 'completed');
  const holdings = await system.network.holdings();
  const { port } = holdings['olt']?.[serviceOf(order, 'access')] ?? {};
  expect(port).toEqual(expect.any(String));
  expect(holdings[platform]?.[serviceOf(order, sample)]).toMatchObject({ accessPort: port });
});

test('a tv service goes on, degraded, without the recordings there is no room for, until it is ordered with fewer', async () => {
  const tv = { serviceSpecification: { id: 'tv-subscription' } };
  const wanted = characteristics({ packages: ['basic'], recordingHours: 900 });
  const partial = await ended(await placed(change('add', { ...tv, ...wanted })), 'partial');
  expect(JSON.stringify(partial)).toContain('an account can keep 500 hours, not 900');
  const id = serviceOf(partial, '1');
  const degraded = { operatingStatus: 'degraded', missingStep: ['enable-recording'] };
  expect(await ask(`${services}/${id}`)).toMatchObject({ state: 'active', ...degraded });
  await ended(await placed(change('modify', { id, ...characteristics({ recordingHours: 300 }) })), 'completed');
  expect(await ask(`${services}/${id}`)).toMatchObject({ state: 'active', operatingStatus: 'active' });
  expect((await system.network.holdings())['iptv']?.[id]).toMatchObject({ recordingHours: 300 });
});

test('a mobile line is cancelled without a trace while it has but a SIM, and not once its subscription is being activated', async () => {
  const cancelled = async (operation: string): Promise<{ order: string; task: string }> => {
    await system.network.add([
      { id: 'slow', manager: 'hlr', operation, kind: 'late-apply', params: { ms: 2_000 }, count: 1 },
    ]);
    const order = await placed(await sampleOrder('mobile'));
    await vi.waitUntil(
      async () => (await system.network.summary()).references.some((one) => one.operation === operation),
      soon,
    );
    const task = await ask(`${ordering}/cancelServiceOrder`, { serviceOrder: { id: order } });
    return { order, task: `${ordering}/cancelServiceOrder/${String(task['id'])}` };
  };
  const early = await cancelled('reserve');
  await isIn(early.task, 'done');
  const gone = serviceOf(await ended(early.order, 'cancelled'), 'mobile');
  expect((await system.network.holdings())['hlr']?.[gone]).toBeUndefined();
  await system.network.remove('slow');

  const late = await cancelled('activate');
  expect(await isIn(late.task, 'terminatedWithError')).toMatchObject({
    errorMessage: { code: 'pointOfNoReturn', reason: expect.stringContaining('activate-subscription') },
  });
  const standing = serviceOf(await ended(late.order, 'completed'), 'mobile');
  expect((await system.network.holdings())['hlr']?.[standing]).toMatchObject({ msisdn: expect.any(String) });
});
