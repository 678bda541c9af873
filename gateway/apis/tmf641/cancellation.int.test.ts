import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { specsFolder } from '../../../ops/verify/testbed/specs-folder.ts';
import { type Ask, startSystem, type System } from '../../../ops/verify/testbed/system.ts';
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
beforeEach(async () => {
  for (const id of ['slow', 'stuck']) await system.network.remove(id);
});

const idOf = (path: string) => path.split('/').at(-1) ?? '';
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const line = {
  serviceSpecification: { id: 'broadband-access' },
  serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
};
const prefix = {
  serviceSpecification: { id: 'ip-prefix' },
  serviceCharacteristic: [{ name: 'prefixLength', value: 29 }],
};
const router = {
  serviceSpecification: { id: 'managed-router' },
  serviceCharacteristic: [{ name: 'model', value: 'R100' }],
};
const item = (id: string, action: string, service: JsonObject, ...dependsOn: string[]) => ({
  id,
  action,
  service,
  serviceOrderItemRelationship: dependsOn.map((itemId) => ({ relationshipType: 'dependsOn', orderItem: { itemId } })),
});
const place = async (items: JsonObject[], more: JsonObject = {}): Promise<string> =>
  pathOf(await client.post(ORDERS, { ...more, serviceOrderItem: items }));
const cancel = (order: string, more: JsonObject = {}, headers = {}) =>
  client.post(CANCELLATIONS, { ...more, serviceOrder: { id: idOf(order) } }, headers);
const states = (order: JsonObject) => Object.fromEntries(itemsOf(order).map((one) => [one['id'], one['state']]));
const itemIs = (id: string, state: string) => (order: JsonObject) => states(order)[id] === state;
const slow = (manager: string, operation: string, ms = 4_000) =>
  system.network.add([{ id: 'slow', manager, operation, kind: 'latency', params: { ms } }]);
const liveLine = async (): Promise<string> =>
  serviceIdsOf(await client.until(await place([item('line', 'add', line)]), inState('completed'))).join();
/** What the network did for these services, oldest first, and that nothing was done twice. */
async function done(...services: readonly string[]): Promise<string[]> {
  const { references } = await system.network.summary();
  const own = references.filter(({ serviceRef }) => services.includes(serviceRef ?? ''));
  for (const { reference, effects, excess } of own)
    expect([reference, effects <= 1, excess]).toEqual([reference, true, 0]);
  return own.filter(({ effects }) => effects === 1).map(({ manager, operation }) => `${manager} ${operation}`);
}
async function held(...services: readonly string[]): Promise<string[]> {
  const managers = Object.entries(await system.network.holdings());
  return managers.flatMap(([name, of]) => services.filter((id) => of[id] !== undefined).map((id) => `${name} ${id}`));
}

describe('an order that has not begun', () => {
  test('is cancelled with the answer, and nothing was ever claimed or called', async () => {
    const order = await place([item('a', 'add', line)], { requestedStartDate: inAnHour() });
    await client.until(order, inState('pending'));
    const { status, headers, body } = await cancel(order, { cancellationReason: 'Ordered twice', colour: 'red' });
    expect([status, headers.get('etag')]).toEqual([201, '"1"']);
    expect(body).toMatchObject({
      '@type': 'CancelServiceOrder',
      state: 'done',
      cancellationReason: 'Ordered twice',
      colour: 'red',
      completionMessage: expect.stringContaining('cancelled'),
      effectiveCancellationDate: expect.any(String),
      serviceOrder: { id: idOf(order), '@referredType': 'ServiceOrder' },
    });
    expect(body['serviceOrder']).toMatchObject({ href: expect.stringMatching(`${order}$`) });
    const cancelled = await client.until(order, inState('cancelled'));
    expect(cancelled).toMatchObject({
      cancellationDate: body['effectiveCancellationDate'],
      cancellationReason: 'Ordered twice',
      completionDate: expect.any(String),
      serviceOrderItem: [{ state: 'cancelled' }],
    });
    // The request belongs to the order's story.
    const story = await system.sql`select type from platform.journal where correlation_id = ${idOf(order)}::uuid`;
    expect(story.map((row) => row['type'])).toContain('service-ordering.cancel-service-order.v1');
    const [service = ''] = serviceIdsOf(cancelled);
    expect([await done(service), (await client.get(`${SERVICES}/${service}`)).status]).toEqual([[], 404]);
  });

  test('is cancelled although the cancellation overtakes the order on the way', async () => {
    // What a gateway without a broker accepts, another one sends when its row is due.
    const alone = asking(await system.gateway({ AMQP_URL: 'amqp://127.0.0.1:1' }));
    const body = { requestedStartDate: inAnHour(), serviceOrderItem: [item('a', 'add', line)] };
    const order = pathOf(await alone.post(ORDERS, body));
    const cancelling = cancel(order);
    await system.sql`update platform.message set due_at = now() where due_at is not null`;
    expect(await cancelling).toMatchObject({ status: 201, body: { state: 'done' } });
    await client.until(order, inState('cancelled'));
  });

  test('waits for the date of its cancellation', async () => {
    const order = await place([item('a', 'add', line)], { requestedStartDate: inAnHour() });
    const made = await cancel(order, { requestedCancellationDate: inAnHour() });
    expect([made.status, made.body['state']]).toEqual([201, 'accepted']);
    expect((await client.get(order)).body['state']).toBe('pending');
    expect(await cancel(order)).toMatchObject({ status: 409, body: { code: 'cancellationUnderWay' } });
  });

  test('is cancelled when that date comes, not before', async () => {
    const order = await place([item('a', 'add', line)], { requestedStartDate: inAnHour() });
    const requestedCancellationDate = new Date(Date.now() + 1_500).toISOString();
    const task = await client.until(pathOf(await cancel(order, { requestedCancellationDate })), inState('done'));
    expect(task['requestedCancellationDate']).toBe(requestedCancellationDate);
    expect(Date.parse(String(task['effectiveCancellationDate']))).toBeGreaterThanOrEqual(
      Date.parse(requestedCancellationDate),
    );
    await client.until(order, inState('cancelled'));
  });
});

describe('an order under way', () => {
  test('lets a running step finish, then takes it back', async () => {
    await slow('olt', 'configure');
    const order = await place([item('line', 'add', line)]);
    const [service = ''] = serviceIdsOf(await client.until(order, itemIs('line', 'inProgress')));
    await client.until(`${SERVICES}/${service}`, inState('reserved'));
    const made = await cancel(order, { cancellationReason: 'Changed my mind' });
    expect([made.status, ['accepted', 'inProgress'].includes(String(made.body['state']))]).toEqual([201, true]);
    const task = await client.until(pathOf(made), inState('done'));
    const cancelled = await client.until(order, inState('cancelled'));
    expect(cancelled).toMatchObject({
      cancellationDate: task['effectiveCancellationDate'],
      cancellationReason: 'Changed my mind',
      serviceOrderItem: [{ state: 'cancelled' }],
    });
    expect(await done(service)).toEqual(['olt reserve', 'olt configure', 'olt clear', 'olt release']);
    expect(await held(service)).toEqual([]);
    await client.until(`${SERVICES}/${service}`, inState('terminated'));
  });

  test('takes back what is completed too, last first', async () => {
    // The router's turn does not come: its platform asks for ten minutes' patience.
    await system.network.add([
      { id: 'stuck', manager: 'cpe', operation: 'register', kind: 'throttle', params: { retryAfterSeconds: 600 } },
    ]);
    const order = await place([
      item('line', 'add', line),
      item('prefix', 'add', prefix, 'line'),
      item('router', 'add', router, 'prefix'),
    ]);
    const services = serviceIdsOf(await client.until(order, itemIs('router', 'inProgress')));
    await client.until(pathOf(await cancel(order)), inState('done'));
    const cancelled = await client.until(order, inState('cancelled'));
    expect(states(cancelled)).toEqual({ line: 'cancelled', prefix: 'cancelled', router: 'cancelled' });
    expect(await done(...services)).toEqual([
      'olt reserve',
      'olt configure',
      'ipam allocate',
      'ipam update',
      'ipam update',
      'ipam release',
      'olt clear',
      'olt release',
    ]);
    expect(await held(...services)).toEqual([]);
    for (const id of services) await client.until(`${SERVICES}/${id}`, inState('terminated'));
  });

  test('is cancelled although the answer of its platform was lost', async () => {
    await system.network.add([{ manager: 'ipam', operation: 'allocate', kind: 'lost-answer', count: 1 }]);
    await slow('ipam', 'operations', 3_000);
    const order = await place([item('prefix', 'add', prefix)]);
    const [service = ''] = serviceIdsOf(await client.until(order, itemIs('prefix', 'inProgress')));
    const made = await cancel(order);
    await client.until(pathOf(made), inState('done'));
    expect(await held(service)).toEqual([]);
    const did = await done(service);
    expect(did.filter((one) => one === 'ipam allocate').length).toBe(
      did.filter((one) => one === 'ipam release').length,
    );
  });

  test('past its point of no return goes on to its end, and says why', async () => {
    const service = await liveLine();
    await slow('olt', 'release');
    const order = await place([item('gone', 'delete', { id: service })]);
    await expect.poll(() => done(service), { timeout: 10_000 }).toContain('olt clear');
    const made = await cancel(order);
    const task = await client.until(pathOf(made), inState('terminatedWithError'));
    expect(task).toMatchObject({
      errorMessage: { code: 'pointOfNoReturn', reason: expect.stringContaining('"gone"') },
      completionMessage: expect.stringContaining('could not be cancelled'),
    });
    expect(task).not.toHaveProperty('effectiveCancellationDate');
    const completed = await client.until(order, inState('completed'));
    expect(completed).not.toHaveProperty('cancellationDate');
    await client.until(`${SERVICES}/${service}`, inState('terminated'));
    expect(await done(service)).toEqual(['olt reserve', 'olt configure', 'olt clear', 'olt release']);
  });

  test('that is held is cancelled, and what fell out needs nobody any more', async () => {
    const other = await liveLine();
    await system.network.add([{ id: 'stuck', manager: 'olt', operation: 'clear', kind: 'refuse' }]);
    const order = await place([item('prefix', 'add', prefix), item('gone', 'delete', { id: other }, 'prefix')]);
    const [addresses = ''] = serviceIdsOf(await client.until(order, inState('held')));
    await client.until(pathOf(await cancel(order)), inState('done'));
    const cancelled = await client.until(order, inState('cancelled'));
    expect(cancelled).toMatchObject({ jeopardyAlert: [{ jeopardyType: 'fallout' }] });
    expect(states(cancelled)).toEqual({ prefix: 'cancelled', gone: 'cancelled' });
    expect([await held(addresses), await held(other)]).toEqual([[], [`olt ${other}`]]);
    expect((await client.get(`${SERVICES}/${other}`)).body).toMatchObject({
      state: 'active',
      operatingStatus: 'active',
    });
  });
});

test('an item that is held while it is taken back anyway waits for its person, then the order is cancelled', async () => {
  await system.network.add([
    { manager: 'olt', operation: 'configure', kind: 'refuse', count: 1 },
    { id: 'stuck', manager: 'olt', operation: 'release', kind: 'refuse' },
  ]);
  const order = await place([item('line', 'add', line)]);
  const [service = ''] = serviceIdsOf(await client.until(order, inState('held')));
  const made = await cancel(order);
  expect(made.status).toBe(201);
  await system.network.remove('stuck');
  await system.settleFallout(idOf(order), 'retry');
  const task = await client.until(pathOf(made), (one) => !['accepted', 'inProgress'].includes(String(one['state'])));
  const ended = await client.until(order, (one) => ['cancelled', 'failed'].includes(String(one['state'])));
  expect([task['state'], ended['state']]).toEqual(['done', 'cancelled']);
  expect(await held(service)).toEqual([]);
});

describe('a cancellation is refused', () => {
  test('of an order that nobody knows: 400', async () => {
    expect(await cancel('/none')).toMatchObject({ status: 400, body: { code: 'unknownServiceOrder' } });
  });

  test('of an order that has ended: 409', async () => {
    const order = await place([item('1', 'noChange', { id: 's' })]);
    await client.until(order, inState('completed'));
    expect(await cancel(order)).toMatchObject({ status: 409, body: { code: 'orderEnded' } });
    expect((await client.remove(order)).status).toBe(204);
    expect(await cancel(order)).toMatchObject({ status: 400, body: { code: 'unknownServiceOrder' } });
  });

  test('while another is under way: 409', async () => {
    await system.stop('activator');
    const order = await place([item('line', 'add', line)]);
    await client.until(order, itemIs('line', 'inProgress'));
    const first = await cancel(order);
    const second = await cancel(order);
    await system.start('activator');
    expect([first.status, first.body['state'], second.status, second.body['code']]).toEqual([
      201,
      'accepted',
      409,
      'cancellationUnderWay',
    ]);
    await client.until(pathOf(first), inState('done'));
  });
});

test('of several at once one counts, and order and task agree on how a race with the completion ended', async () => {
  const orders = await Promise.all(Array.from({ length: 6 }, () => place([item('line', 'add', line)])));
  const races = await Promise.all(
    orders.map(async (order, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 30));
      return Promise.all([cancel(order), cancel(order)]);
    }),
  );
  for (const [at, answers] of races.entries()) {
    const order = orders[at] ?? '';
    const taken = answers.filter(({ status }) => status === 201);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(taken.length).toBeLessThanOrEqual(1);
    const ended = await client.until(order, (one) => ['completed', 'cancelled'].includes(String(one['state'])));
    const [service = ''] = serviceIdsOf(ended);
    if (taken[0] !== undefined) {
      const task = await client.until(pathOf(taken[0]), (one) =>
        ['done', 'terminatedWithError'].includes(String(one['state'])),
      );
      expect([task['state'], ended['state']]).toEqual(
        task['state'] === 'done' ? ['done', 'cancelled'] : ['terminatedWithError', 'completed'],
      );
    }
    expect((await held(service)).length).toBe(ended['state'] === 'completed' ? 1 : 0);
    await done(service);
  }
});

describe('the task is a resource', () => {
  test('that is listed, filtered, sorted and paged like any other', async () => {
    const ordered: string[] = [];
    const tasks: string[] = [];
    for (const reason of ['a', 'b', 'c']) {
      const order = await place([item('1', 'add', line)], { requestedStartDate: inAnHour() });
      ordered.push(idOf(order));
      tasks.push(idOf(pathOf(await cancel(order, { cancellationReason: `list ${reason}` }))));
    }
    const list = async (query: string) =>
      (await client.get(`${CANCELLATIONS}?${query}`)).list.map((one) => String(one['id']));
    expect(await list('cancellationReason.regex=^list&limit=3')).toEqual(tasks.toReversed());
    expect(await list('cancellationReason.regex=^list&sort=cancellationReason')).toEqual(tasks);
    expect(await list(`serviceOrder.id=${ordered[1]}`)).toEqual([tasks[1]]);
    expect(await list(`id=${tasks[2]}&state=done&effectiveCancellationDate.gt=2020-01-01T00:00:00Z`)).toEqual([
      tasks[2],
    ]);
    const page = await client.get(`${CANCELLATIONS}?cancellationReason.regex=^list&limit=2&fields=state`);
    expect([page.status, page.headers.get('x-total-count')]).toEqual([206, '3']);
    expect(page.list.map((one) => Object.keys(one).toSorted())).toEqual([
      ['href', 'id', 'state'],
      ['href', 'id', 'state'],
    ]);
    const next = /<([^>]*)>; ?rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    expect((await client.get(next)).list.map((one) => one['id'])).toEqual([tasks[0]]);
  });

  test('that its Idempotency-Key makes once', async () => {
    const order = await place([item('1', 'add', line)], { requestedStartDate: inAnHour() });
    const key = { 'idempotency-key': `cancel ${order}` };
    const first = await cancel(order, {}, key);
    const again = await cancel(order, {}, key);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([201, first.body, 'true']);
    expect((await cancel(order, { cancellationReason: 'other' }, key)).body['code']).toBe('idempotencyKeyReused');
  });

  test('that 503 leaves under way: the same request again has its answer', async () => {
    const order = await place([item('1', 'add', line)], { requestedStartDate: inAnHour() });
    await client.until(order, inState('pending'));
    const impatient = asking(await system.gateway({ COMMAND_WAIT_MS: '100' }));
    await system.stop('service-ordering');
    const body = { serviceOrder: { id: idOf(order) } };
    const key = { 'idempotency-key': `late ${order}` };
    const late = await impatient.post(CANCELLATIONS, body, key);
    await system.start('service-ordering');
    expect([late.status, late.headers.has('retry-after')]).toEqual([503, true]);
    const made = await client.post(CANCELLATIONS, body, key);
    expect([made.status, made.body['state']]).toEqual([201, 'done']);
    const { list } = await client.get(`${CANCELLATIONS}?serviceOrder.id=${idOf(order)}`);
    expect(list).toHaveLength(1);
  });

  test('that goes with its order when that is deleted', async () => {
    const order = await place([item('1', 'add', line)], { requestedStartDate: inAnHour() });
    const task = pathOf(await cancel(order));
    await client.until(order, inState('cancelled'));
    expect((await client.remove(order)).status).toBe(204);
    await expect.poll(async () => (await client.get(task)).status, { timeout: 10_000 }).toBe(404);
  });

  test('whose views are rebuilt as they were', async () => {
    const read = () => system.sql`
      select id, revision, doc, deleted, state, external_id, start_at, completed_at
      from gateway.view where resource = 'cancelServiceOrder' order by id`;
    await cancel(await place([item('1', 'add', line)], { requestedStartDate: inAnHour() }), { mark: 'kept' });
    await expect.poll(async () => (await system.sql`select 1 from platform.message`).length).toBe(0);
    const before = await read();
    expect(before.length).toBeGreaterThan(0);
    await system.rebuildViews();
    expect(await read()).toEqual(before);
  });
});
