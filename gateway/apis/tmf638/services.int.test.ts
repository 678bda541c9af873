import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { specsFolder } from '../../../ops/verify/testbed/specs-folder.ts';
import { type Ask, sampleOrder, startSystem, type System } from '../../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../../ops/verify/testbed/testbed.ts';
import {
  conformingClient,
  officialDocuments,
  ORDERS,
  SERVICES,
  type ConformingClient,
} from '../../conformance/conforming-client.ts';
import { inState, pathOf, serviceIdsOf } from '../../conformance/reading.ts';
import { specsIn } from '../../conformance/specs.ts';

const folder = specsFolder();
const documents = folder === undefined ? {} : officialDocuments(specsIn(folder));
const asking = (ask: Ask) => conformingClient(ask, documents);

let testbed: Testbed;
let system: System;
let client: ConformingClient;

beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  client = asking(system.request);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const aService = (more: JsonObject = {}) => ({
  state: 'designed',
  serviceSpecification: { id: 'broadband-access', version: '1.0' },
  ...more,
});
const idOf = (path: string) => path.split('/').at(-1) ?? '';
const entered = async (more: JsonObject = {}): Promise<string> => pathOf(await client.post(SERVICES, aService(more)));
const revisionOf = ({ headers }: { headers: Headers }) => Number(headers.get('etag')?.slice(1, -1));
const withKey = (key: string) => ({ 'idempotency-key': key });
const order = async (...items: JsonObject[]): Promise<string> =>
  pathOf(await client.post(ORDERS, { serviceOrderItem: items }));
const line = {
  serviceSpecification: { id: 'broadband-access' },
  serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
};
/** The path of a service that an order put on the network. */
const deployed = async (): Promise<string> => {
  const ordered = await order({ id: '1', action: 'add', service: line });
  return `${SERVICES}/${serviceIdsOf(await client.until(ordered, inState('completed'))).join()}`;
};

describe('services an order delivers', () => {
  test('stand on each other, with what was asked and what the network gave', async () => {
    const placed = await client.post(`http://tmf.example.test${ORDERS}`, await sampleOrder('business-internet'));
    await client.until(pathOf(placed), inState('completed'));
    const { list } = await client.get(
      `http://tmf.example.test${SERVICES}?serviceOrderItem.serviceOrderId=${String(placed.body['id'])}`,
    );
    const byType = Object.fromEntries(list.map((one) => [one['serviceType'], one]));
    const [access, addresses, router] = ['broadband', 'ip-addressing', 'managed-router'].map((type) => byType[type]);
    const reference = (to: JsonObject | undefined) => expect.objectContaining({ id: to?.['id'], href: to?.['href'] });
    const characteristic = (name: string, value: unknown) => expect.objectContaining({ name, value });
    expect(access).toMatchObject({
      href: `http://tmf.example.test${SERVICES}/${String(access?.['id'])}`,
      name: 'Access line, Example Bakery',
      state: 'active',
      operatingStatus: 'active',
      startDate: expect.any(String),
      serviceSpecification: { id: 'broadband-access', version: '1.0' },
      place: [{ id: 'address-2001', name: 'Mill Lane 5', role: 'installationAddress' }],
      relatedParty: [{ id: 'customer-1001', role: 'customer', '@referredType': 'Organization' }],
      supportingResource: [{ '@referredType': 'accessPort' }],
      serviceOrderItem: [{ itemId: 'access', itemAction: 'add', serviceOrderHref: placed.body['href'] }],
    });
    expect(access?.['serviceCharacteristic']).toEqual(
      expect.arrayContaining([characteristic('downMbps', 1000), characteristic('upMbps', 500)]),
    );
    expect(addresses?.['supportingService']).toEqual([reference(access)]);
    expect(addresses?.['serviceCharacteristic']).toContainEqual(characteristic('reverseDns', 'bakery.example.net'));
    expect(router?.['supportingService']).toEqual(expect.arrayContaining([reference(access), reference(addresses)]));
    expect(router?.['serviceCharacteristic']).toContainEqual(characteristic('features', ['firewall', 'wifi']));
  });

  test('show what has landed while the rest is still to come', async () => {
    // The line's profile is turned away for longer than any test: its port is there, the order goes on waiting.
    const later = { retryAfterSeconds: 600 };
    await system.network.add([{ manager: 'olt', operation: 'configure', kind: 'throttle', count: 1, params: later }]);
    const running = await client.get(await order({ id: '1', action: 'add', service: { ...line, id: 'slow' } }));
    const service = await client.until(`${SERVICES}/slow`, inState('reserved'));
    expect(service).toMatchObject({
      operatingStatus: 'pending',
      supportingResource: [{ '@referredType': 'accessPort' }],
    });
    expect(service).not.toHaveProperty('startDate');
    expect((await client.get(`${ORDERS}/${String(running.body['id'])}`)).body['state']).toBe('inProgress');
  });

  test('keep nothing of what a finished delete gave back, whatever was written on them before', async () => {
    const path = await deployed();
    expect((await client.patch(path, { description: 'noted' })).status).toBe(200);
    await client.until(await order({ id: '1', action: 'delete', service: { id: idOf(path) } }), inState('completed'));
    const { body } = await client.get(path);
    expect(body).toMatchObject({
      state: 'terminated',
      operatingStatus: 'terminated',
      description: 'noted',
      endDate: expect.any(String),
    });
    expect(body).not.toHaveProperty('supportingResource');
    expect((await client.remove(path)).status).toBe(204);
    expect((await client.get(path)).status).toBe(404);
  });
});

describe('a service entered from outside', () => {
  test('is there with its answer, as it was sent, with what is ours', async () => {
    const sent = aService({
      '@type': 'Lightpath',
      name: 'one',
      colour: { of: 'red' },
      serviceCharacteristic: [
        { name: 'zeta', value: { deep: [1, 2] }, valueType: 'Object', '@type': 'Extended', unit: 'km' },
        { name: 'alpha', value: 'first' },
      ],
      relatedParty: [{ id: 'p', '@referredType': 'Individual', '@type': 'Friend', since: 1999 }],
      supportingResource: [{ id: 'r', name: 'port', '@referredType': 'Port', shelf: 3 }],
      note: [{ text: 'n', author: 'me', date: '2026-01-01T00:00:00Z' }],
    });
    const made = await client.post(SERVICES, sent);
    expect([made.status, made.headers.get('etag'), made.headers.get('location')]).toEqual([
      201,
      '"1"',
      made.body['href'],
    ]);
    expect(made.body).toMatchObject({ ...sent, operatingStatus: 'pending', serviceDate: expect.any(String) });
    expect((await client.get(pathOf(made))).body).toEqual(made.body);
  });

  test.each([
    [{ state: undefined }, 'state is required'],
    [{ serviceSpecification: undefined }, 'serviceSpecification is required'],
    [{ state: 'suspended' }, 'state must be one of feasibilityChecked'],
    [{ id: 'mine' }, 'id is set by the server'],
    [{ serviceCharacteristic: [{ value: 1 }] }, 'serviceCharacteristic[0].name is required'],
    [{ serviceCharacteristic: [{ name: 'a' }] }, 'serviceCharacteristic[0].value is required'],
    [
      {
        serviceCharacteristic: [
          { name: 'a', value: 1 },
          { name: 'a', value: 2 },
        ],
      },
      "'a' comes twice",
    ],
    [{ note: [{ text: 'by nobody' }] }, 'note[0].author is required'],
    [{ supportingService: [{}] }, 'supportingService[0].id is required'],
    [{ startDate: 'tomorrow' }, 'startDate'],
  ])('%o is refused: %s', async (wrong, why) => {
    const { status, body } = await client.post(SERVICES, aService(wrong));
    expect([status, `${String(body['reason'])} ${String(body['message'])}`]).toEqual([
      400,
      expect.stringContaining(why),
    ]);
  });

  test('takes patches of every kind, one revision each; null removes', async () => {
    const path = await entered({ description: 'old', serviceCharacteristic: [{ name: 'a', value: 1 }], mark: 1 });
    const first = await client.patch(path, { description: null, mark: { more: true } });
    expect(first.body).toMatchObject({ mark: { more: true } });
    expect(first.body).not.toHaveProperty('description');
    const second = await client.patch(
      path,
      [
        { op: 'test', path: '/serviceCharacteristic/0/name', value: 'a' },
        { op: 'replace', path: '/serviceCharacteristic/0/value', value: 2 },
        { op: 'add', path: '/serviceCharacteristic/-', value: { name: 'b', value: [3] } },
      ],
      { 'content-type': 'application/json-patch+json' },
    );
    const values = (second.body['serviceCharacteristic'] as JsonObject[]).map(({ name, value }) => [name, value]);
    expect(values).toEqual([
      ['a', 2],
      ['b', [3]],
    ]);
    expect([revisionOf(first), revisionOf(second)]).toEqual([2, 3]);
    const all = await client.patch(path, { ...second.body, name: 'new' });
    expect([all.status, all.body]).toEqual([200, { ...second.body, name: 'new' }]);
    expect((await client.get(path)).body).toEqual(all.body);
  });

  test.each([
    ['href', { href: 'http://elsewhere.test/1' }],
    ['id', { id: 'other' }],
    ['serviceDate', { serviceDate: '2020-01-01' }],
    ['operatingStatus', { operatingStatus: 'suspended' }],
    ['missingStep', { missingStep: ['none'] }],
  ])('keeps its %s', async (_name, patch) => {
    const path = await entered();
    const { status, body } = await client.patch(path, patch);
    expect([status, body['code']]).toEqual([400, 'notPatchable']);
  });

  test('runs as its state lets it: the operating status is not the writer’s', async () => {
    const path = await entered({ operatingStatus: 'degraded' });
    const status = async (patch: JsonObject) => (await client.patch(path, patch)).body['operatingStatus'];
    expect([
      (await client.get(path)).body['operatingStatus'],
      await status({ state: 'active' }),
      await status({ state: 'terminated' }),
    ]).toEqual(['pending', 'active', 'terminated']);
  });

  test('changes only from the revision its writer saw', async () => {
    const path = await entered();
    const made = await client.patch(path, { name: 'mine' }, { 'if-match': '"1"' });
    expect([made.status, revisionOf(made)]).toEqual([200, 2]);
    for (const tag of ['"1"', 'W/"2"', '"x"']) {
      const late = await client.patch(path, { name: 'theirs' }, { 'if-match': tag });
      expect([tag, late.status, late.headers.get('etag')]).toEqual([tag, 412, '"2"']);
      expect((await client.remove(path, { 'if-match': tag })).status).toBe(412);
    }
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => client.patch(path, { [name]: name }, { 'if-match': '"1", "2"' })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
    expect((await client.remove(path, { 'if-match': '*' })).status).toBe(204);
  });

  test('is read again only when it has changed', async () => {
    const path = await entered();
    const known = await client.get(path, { 'if-none-match': '"0", W/"1"' });
    expect([known.status, known.headers.get('etag')]).toEqual([304, '"1"']);
    expect((await client.get(path, { 'if-none-match': '"0"' })).status).toBe(200);
  });
});

test('is found by a characteristic that has both the name and the value', async () => {
  const characteristics = (down: number, up: number) => [
    { name: 'downMbps', value: down },
    { name: 'upMbps', value: up },
  ];
  const [fast, slow] = await Promise.all([
    entered({ category: 'filtered', serviceCharacteristic: characteristics(1000, 500) }),
    entered({ category: 'filtered', serviceCharacteristic: characteristics(500, 1000) }),
  ]);
  const found = async (query: string) =>
    (await client.get(`${SERVICES}?category=filtered&${query}`)).list.map((one) => `${SERVICES}/${String(one['id'])}`);
  const has = (name: string, value: number) =>
    `serviceCharacteristic.name=${name}&serviceCharacteristic.value=${value}`;
  expect(await found(has('downMbps', 1000))).toEqual([fast]);
  expect(await found(has('upMbps', 1000))).toEqual([slow]);
  expect(await found(`${has('downMbps', 500)}&${has('upMbps', 1000)}`)).toEqual([slow]);
  expect(await found(`${has('downMbps', 500)}&${has('upMbps', 500)}`)).toEqual([]);
});

describe('a service that an order is changing', () => {
  test('is busy for everybody else, and says with what', async () => {
    const path = await deployed();
    await system.stop('activator');
    const changing = await order({
      id: 'faster',
      action: 'modify',
      service: { ...line, id: idOf(path), serviceCharacteristic: [{ name: 'downMbps', value: 200 }] },
    });
    await client.until(changing, inState('inProgress'));
    const refused = [await client.patch(path, { name: 'n' }), await client.remove(path)];
    await system.start('activator');
    for (const { status, body } of refused) {
      expect([status, body['code'], body['reason']]).toEqual([
        409,
        'serviceBusy',
        expect.stringContaining(idOf(changing)),
      ]);
    }
    await client.until(changing, inState('completed'));
    expect((await client.patch(path, { name: 'n' })).status).toBe(200);
  });

  test('once it is on the network, is changed by an order, not in the record: an order would leave steps out', async () => {
    const path = await deployed();
    const written = [{ name: 'downMbps', value: 7 }];
    const { status, body } = await client.patch(path, { serviceCharacteristic: written });
    expect([status, body['code'], body['reason']]).toEqual([
      409,
      'serviceDeployed',
      expect.stringContaining('change its characteristics'),
    ]);
    const note = { id: 'n', author: 'a', date: '2026-03-01T00:00:00Z', text: 'seen' };
    expect((await client.patch(path, { name: 'n', note: [note] })).status).toBe(200);
  });

  test('once it is on the network, is deleted by an order, not from the record', async () => {
    const path = await deployed();
    const { status, body } = await client.remove(path);
    expect([status, body['code'], body['reason']]).toEqual([409, 'serviceDeployed', expect.stringContaining('TMF641')]);
    expect((await client.get(path)).status).toBe(200);
  });
});

describe('an Idempotency-Key of a create', () => {
  const named = async (name: string) =>
    Number((await client.get(`${SERVICES}?name=${name}`)).headers.get('x-total-count'));

  test('after a 503 leads to the service that was made meanwhile, and to no other', async () => {
    const impatient = asking(await system.gateway({ COMMAND_WAIT_MS: '100' }));
    await system.stop('service-inventory');
    const create = () => impatient.post(SERVICES, aService({ name: 'late' }), withKey('s1'));
    const late = [await create(), await create()];
    await system.start('service-inventory');
    expect(late.map(({ status, headers }) => [status, headers.has('retry-after')])).toEqual([
      [503, true],
      [503, true],
    ]);
    const resumed = await client.post(SERVICES, aService({ name: 'late' }), withKey('s1'));
    const again = await client.post(SERVICES, aService({ name: 'late' }), withKey('s1'));
    expect([resumed.status, again.status, again.body]).toEqual([201, 201, resumed.body]);
    expect(await named('late')).toBe(1);
  });

  test('in flight is told so; with another body it is refused', async () => {
    await system.stop('service-inventory');
    const first = client.post(SERVICES, aService({ name: 'twice' }), withKey('s2'));
    const waiting = () => system.sql`select from gateway.pending_document where document ->> 'name' = 'twice'`;
    await expect.poll(async () => (await waiting()).count).toBe(1);
    const second = await client.post(SERVICES, aService({ name: 'twice' }), withKey('s2'));
    const other = await client.post(SERVICES, aService({ name: 'thrice' }), withKey('s2'));
    await system.start('service-inventory');
    expect([second.status, second.body['code'], second.headers.has('retry-after')]).toEqual([
      409,
      'idempotencyKeyInFlight',
      true,
    ]);
    expect([other.status, other.body['code']]).toEqual([409, 'idempotencyKeyReused']);
    expect((await first).status).toBe(201);
    expect([await named('twice'), await named('thrice')]).toEqual([1, 0]);
  });

  test('is free again after a request that could not be understood', async () => {
    expect((await client.post(SERVICES, {}, withKey('s3'))).status).toBe(400);
    expect((await client.post(SERVICES, aService(), withKey('s3'))).status).toBe(201);
  });
});
