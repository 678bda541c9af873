import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { specsFolder } from '../../../ops/verify/testbed/specs-folder.ts';
import { startSystem, type System } from '../../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../../ops/verify/testbed/testbed.ts';
import {
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
  client = conformingClient(system.request, documents);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const types: readonly [specification: string, characteristics: JsonObject, manager: string][] = [
  ['broadband-access', { downMbps: 100 }, 'olt'],
  ['ip-prefix', { prefixLength: 29 }, 'ipam'],
  ['managed-router', { model: 'R100' }, 'cpe'],
  ['voice-line', {}, 'ims'],
  ['tv-subscription', { packages: ['basic'] }, 'iptv'],
  ['mobile-line', { dataMb: 500 }, 'hlr'],
];
const listed = (characteristics: JsonObject) =>
  Object.entries(characteristics).map(([name, value]) => ({ name, value }));
const place = async (action: string, service: JsonObject): Promise<string> =>
  pathOf(await client.post(ORDERS, { serviceOrderItem: [{ id: '1', action, service }] }));
const deployed = async (specification = 'broadband-access', characteristics: JsonObject = { downMbps: 100 }) => {
  const order = await place('add', {
    serviceSpecification: { id: specification },
    serviceCharacteristic: listed(characteristics),
  });
  return serviceIdsOf(await client.until(order, inState('completed'))).join();
};
/** Orders a change, and hears how it ended. */
const ordered = async (action: string, service: JsonObject): Promise<JsonObject> =>
  client.until(await place(action, service), (order) =>
    ['completed', 'failed', 'rejected', 'partial'].includes(String(order['state'])),
  );
const modified = (id: string, service: JsonObject) => ordered('modify', { id, ...service });
const shown = async (id: string) => {
  const { state, operatingStatus } = (await client.get(`${SERVICES}/${id}`)).body;
  return [state, operatingStatus];
};
const operations = async (id: string): Promise<string[]> => {
  const { references } = await system.network.summary();
  const own = references.filter(({ serviceRef }) => serviceRef === id);
  for (const { reference, effects, excess } of own) expect([reference, effects, excess]).toEqual([reference, 1, 0]);
  return own.map(({ operation }) => operation);
};
const refusalOf = (order: JsonObject) => [
  order['state'],
  (itemsOf(order)[0]?.['errorMessage'] as JsonObject[] | undefined)?.[0]?.['code'],
];

describe.each(types)('%s', (specification, characteristics) => {
  test('is suspended and taken up again, and is active in its lifecycle all the while', async () => {
    const id = await deployed(specification, characteristics);
    expect(await shown(id)).toEqual(['active', 'active']);
    const before = (await client.get(`${SERVICES}/${id}`)).body['serviceCharacteristic'];
    const suspended = await modified(id, { operatingStatus: 'suspended' });
    expect([suspended['state'], await shown(id)]).toEqual(['completed', ['active', 'suspended']]);
    expect(itemsOf(suspended)[0]?.service).toMatchObject({ id, operatingStatus: 'suspended' });
    expect((await modified(id, { operatingStatus: 'active' }))['state']).toBe('completed');
    expect(await shown(id)).toEqual(['active', 'active']);
    expect((await client.get(`${SERVICES}/${id}`)).body['serviceCharacteristic']).toEqual(before);
    expect((await operations(id)).filter((one) => one === 'suspend' || one === 'resume')).toEqual([
      'suspend',
      'resume',
    ]);
  });
});

describe('a suspended service', () => {
  test('is not changed before it is taken up again, but with it', async () => {
    const id = await deployed();
    await modified(id, { operatingStatus: 'suspended' });
    const faster = { serviceCharacteristic: listed({ downMbps: 200 }) };
    expect(refusalOf(await modified(id, faster))).toEqual(['failed', 'serviceSuspended']);
    expect(refusalOf(await modified(id, { operatingStatus: 'suspended' }))).toEqual(['failed', 'alreadySuspended']);
    expect(await shown(id)).toEqual(['active', 'suspended']);
    expect((await modified(id, { operatingStatus: 'active', ...faster }))['state']).toBe('completed');
    const { body } = await client.get(`${SERVICES}/${id}`);
    expect(body).toMatchObject({ state: 'active', operatingStatus: 'active' });
    expect(body['serviceCharacteristic']).toContainEqual(expect.objectContaining({ name: 'downMbps', value: 200 }));
    expect(refusalOf(await modified(id, { operatingStatus: 'active' }))).toEqual(['failed', 'notSuspended']);
  });

  test('is deleted without being taken up again', async () => {
    const id = await deployed();
    await modified(id, { operatingStatus: 'suspended' });
    expect((await ordered('delete', { id }))['state']).toBe('completed');
    expect(await shown(id)).toEqual(['terminated', 'terminated']);
    expect(await operations(id)).toEqual(['reserve', 'configure', 'suspend', 'clear', 'release']);
  });

  test('is what it was where its platform refuses', async () => {
    const id = await deployed();
    await system.network.add([{ manager: 'olt', operation: 'suspend', kind: 'refuse', count: 1 }]);
    expect(refusalOf(await modified(id, { operatingStatus: 'suspended' }))).toEqual(['failed', 'refused-by-fault']);
    expect(await shown(id)).toEqual(['active', 'active']);
  });

  test('is found by how it runs', async () => {
    const id = await deployed();
    await modified(id, { operatingStatus: 'suspended' });
    const { list } = await client.get(`${SERVICES}?operatingStatus=suspended&state=active&id=${id}`);
    expect(list.map((one) => one['id'])).toEqual([id]);
  });
});

test.each([
  ['add', 'suspended'],
  ['delete', 'suspended'],
  ['noChange', 'active'],
  ['modify', 'degraded'],
])('action %s with operatingStatus %s is refused at the door: 400', async (action, operatingStatus) => {
  const service = { id: 's', operatingStatus };
  const { status, body } = await client.post(ORDERS, { serviceOrderItem: [{ id: '1', action, service }] });
  expect([status, body['code']]).toEqual([400, 'invalidBody']);
});
