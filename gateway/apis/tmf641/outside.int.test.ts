import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { specsFolder } from '../../../ops/verify/testbed/specs-folder.ts';
import { startSystem, type System } from '../../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../../ops/verify/testbed/testbed.ts';
import {
  CANCELLATIONS,
  conformingClient,
  officialDocuments,
  ORDERS,
  SERVICES,
  type ConformingClient,
} from '../../conformance/conforming-client.ts';
import { inState, itemsOf, pathOf, serviceIdsOf } from '../../conformance/reading.ts';
import { specsIn } from '../../conformance/specs.ts';

const folder = specsFolder();
const documents = folder === undefined ? {} : officialDocuments(specsIn(folder));

let testbed: Testbed;
let system: System;
let client: ConformingClient;

beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  await system.listen();
  client = conformingClient(system.request, documents);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const ethernet = {
  serviceSpecification: { id: 'ethernet-access' },
  serviceCharacteristic: [
    { name: 'site', value: 'SITE-4711' },
    { name: 'bandwidthMbps', value: 100 },
  ],
};
const place = async (action: string, service: JsonObject, more: JsonObject = {}): Promise<string> =>
  pathOf(await client.post(ORDERS, { ...more, serviceOrderItem: [{ id: 'port', action, service }] }));
const idOf = (path: string) => path.split('/').at(-1) ?? '';
const cancel = async (order: string) => pathOf(await client.post(CANCELLATIONS, { serviceOrder: { id: idOf(order) } }));
const notesOf = (order: JsonObject) => (order['note'] ?? []) as JsonObject[];
const held = async (id: string) =>
  Object.values(await system.network.holdings()).filter((services) => services[id] !== undefined).length;

describe('an order that waits for an outside system', () => {
  test('is pending, with a note and a milestone that name it, until it has its answer', async () => {
    await system.network.pace({ afterMs: null });
    const order = await place('add', ethernet, { note: [{ id: 'n', text: 'Ring the bell' }] });
    const waiting = await client.until(order, inState('pending'));
    const [said, ours, ...more] = notesOf(waiting);
    expect([said, more]).toEqual([{ id: 'n', text: 'Ring the bell' }, []]);
    expect(ours).toMatchObject({
      ...{ id: 'waiting-port', author: 'service ordering', date: expect.any(String) },
      text: expect.stringMatching(/"port".*partner.*order-port/),
    });
    expect(waiting['milestone']).toContainEqual(
      expect.objectContaining({ status: 'waiting', message: expect.stringContaining('partner') }),
    );
    expect(itemsOf(waiting)).toMatchObject([{ state: 'pending' }]);

    const steps = { 'content-type': 'application/json-patch+json' };
    const add = [{ op: 'add', path: '/note/1', value: { text: 'Twice' } }];
    const patched = await client.patch(order, add, steps);
    expect([patched.status, notesOf(patched.body).map(({ text }) => text)]).toEqual([
      200,
      ['Ring the bell', 'Twice', ours?.['text']],
    ]);
    await client.patch(order, { ...patched.body, description: 'as it was read' });

    await system.network.deliver();
    const completed = await client.until(order, inState('completed'));
    expect(notesOf(completed).map(({ text }) => text)).toEqual(['Ring the bell', 'Twice']);
    expect((completed['milestone'] as JsonObject[]).map(({ status }) => status)).not.toContain('waiting');
    expect(completed['description']).toBe('as it was read');
  });

  test('is cancelled: the work is called off, and nothing is left', async () => {
    await system.network.pace({ afterMs: null });
    const order = await place('add', ethernet);
    const [service = ''] = serviceIdsOf(await client.until(order, inState('pending')));
    await client.until(await cancel(order), inState('done'));
    expect(notesOf(await client.until(order, inState('cancelled')))).toEqual([]);
    expect(await held(service)).toBe(0);
    await system.network.deliver();
    const own = (await system.network.deliveries()).filter(({ serviceRef }) => serviceRef === service);
    expect([own.map(({ state }) => state), await held(service)]).toEqual([['calledOff'], 0]);
  });

  test('is cancelled although the answer comes at that moment', async () => {
    await system.network.pace({ afterMs: null });
    const orders = await Promise.all([0, 1, 2, 3].map(() => place('add', ethernet)));
    await Promise.all(orders.map((order) => client.until(order, inState('pending'))));
    const [tasks] = await Promise.all([Promise.all(orders.map(cancel)), system.network.deliver()]);
    for (const [at, order] of orders.entries()) {
      const task = await client.until(tasks[at] ?? '', (one) =>
        ['done', 'terminatedWithError'].includes(String(one['state'])),
      );
      const ended = await client.until(order, (one) => ['cancelled', 'completed'].includes(String(one['state'])));
      expect([task['state'], ended['state']]).toEqual(
        task['state'] === 'done' ? ['done', 'cancelled'] : ['terminatedWithError', 'completed'],
      );
      expect((await held(serviceIdsOf(ended).join())) > 0).toBe(ended['state'] === 'completed');
    }
  });

  test('past its point of no return goes on, and says why', async () => {
    await system.network.pace({});
    await system.network.add([
      { id: 'slow', manager: 'metro', operation: 'monitor', kind: 'latency', params: { ms: 4_000 } },
    ]);
    const order = await place('add', ethernet);
    await client.until(order, (one) => JSON.stringify(one['milestone'] ?? '').includes('carries traffic'));
    const task = await client.until(await cancel(order), inState('terminatedWithError'));
    expect(task).toMatchObject({
      errorMessage: { code: 'pointOfNoReturn', reason: expect.stringContaining('turn-up') },
    });
    await client.until(order, inState('completed'));
    await system.network.remove('slow');
  });
});

test('what runs without an optional step says so: the item partial, the service degraded, until a change makes up for it', async () => {
  await system.network.pace({});
  await system.network.add([{ manager: 'metro', operation: 'monitor', kind: 'refuse', count: 1 }]);
  const order = await client.until(await place('add', ethernet), inState('partial'));
  expect(itemsOf(order)).toMatchObject([{ state: 'partial', errorMessage: [{ code: expect.any(String) }] }]);
  const [id = ''] = serviceIdsOf(order);
  const { body } = await client.get(`${SERVICES}/${id}`);
  expect(body).toMatchObject({ state: 'active', operatingStatus: 'degraded', missingStep: ['enable-monitoring'] });
  const { list } = await client.get(`${SERVICES}?missingStep=enable-monitoring`);
  expect(list.map((one) => one['id'])).toEqual([id]);

  const noted = await client.patch(`${SERVICES}/${id}`, { description: 'noted' });
  expect(noted.body).toMatchObject({ operatingStatus: 'degraded', missingStep: ['enable-monitoring'] });
  await client.until(await place('modify', { id }), inState('completed'));
  const whole = (await client.get(`${SERVICES}/${id}`)).body;
  expect(whole).toMatchObject({ operatingStatus: 'active', description: 'noted' });
  expect(whole).not.toHaveProperty('missingStep');
  expect(whole['serviceCharacteristic']).toContainEqual(expect.objectContaining({ name: 'probeId' }));
});
