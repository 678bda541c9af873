import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { send } from '../../contracts/messages/message.ts';
import {
  cancelOutsideOrder,
  outsideOrderChanged,
  placeOutsideOrder,
} from '../../contracts/messages/outside-ordering.ts';
import type { RequestedItem } from '../../contracts/messages/service-ordering.ts';
import { eventExchange, outsideOrderingQueue } from '../../contracts/topology.ts';
import { newId } from '../../ops/platform/ids.ts';
import { type FateOf, type Partner, startPartner } from '../../ops/verify/testbed/partner.ts';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import type { RunningRole } from '../../ops/platform/messaging/role.ts';
import { leaseDueRows } from '../../ops/platform/messaging/alarm.store.ts';
import type { OutsideOrder } from './outside-order.state.ts';
import { outsideOrderRows, outsideOrders } from './outside-order.store.ts';
import { aRequest, placed as placedOrder } from './outside-orders.fixture.ts';
import { startOutsideOrdering } from './worker.ts';

/** What is waited for takes two fleets, on a machine that is busy. */
const patiently = { timeout: 40_000, interval: 50 };
const ORDERS = '/tmf-api/serviceOrdering/v4/serviceOrder';
const SERVICES = '/tmf-api/serviceInventory/v4/service';

type Told = ReturnType<typeof outsideOrderChanged.schema.parse>;
type Json = Record<string, unknown>;

let partner: Partner;
let bench: Workbench;
let role: RunningRole | undefined;
const told: Told[] = [];

const settings = (over: Json = {}): Record<string, string> => ({
  OUTSIDE_SERVICE_ORDERING: JSON.stringify({
    'ethernet-access': { url: partner.url, token: 'our-token', poll: '200ms', timeout: '3s', settle: '1s', ...over },
  }),
});
const begin = (over?: Json): void => {
  role = startOutsideOrdering(bench.role('http://127.0.0.1:1', settings(over)));
};
const quit = async (): Promise<void> => {
  await role?.stop();
  role = undefined;
};

beforeAll(async () => {
  [partner, bench] = await Promise.all([startPartner(), createWorkbench()]);
  const channel = await bench.channel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, eventExchange, outsideOrderChanged.name);
  await channel.consume(queue, (message) => {
    if (message !== null) told.push(outsideOrderChanged.schema.parse(JSON.parse(message.content.toString())));
  });
});
afterAll(async () => {
  await Promise.all([partner?.close(), bench?.close()]);
});
beforeEach(async () => {
  partner.fate(() => 'pass');
  await partner.network.pace({ afterMs: 20 });
  // What an earlier test's partner was held off for is over.
  await bench.sql`delete from platform.breaker`;
});
afterEach(quit);

const ethernet = (over: Partial<RequestedItem> = {}): RequestedItem => ({
  itemId: 'access',
  action: 'add',
  dependsOn: [],
  serviceId: newId(),
  serviceNamed: true,
  specification: { id: 'ethernet-access' },
  serviceType: 'ethernet-access',
  characteristics: { site: 'SITE-1', bandwidthMbps: 100 },
  supportingServices: [],
  parties: [],
  places: [],
  ...over,
});

async function place(item: RequestedItem): Promise<string> {
  const id = newId();
  await placeAs(id, item);
  return id;
}
const placeAs = (id: string, item: RequestedItem): Promise<string> =>
  bench.publish(
    send(placeOutsideOrder, {
      serviceType: 'ethernet-access',
      order: {
        ...{ id, orderDate: new Date().toISOString(), parties: [], items: [item] },
        requestedBy: { orderId: `product-order of ${id}`, deliveryId: id, attempt: 0 },
      },
    }),
  );
const cancel = (orderId: string): Promise<string> =>
  bench.publish(send(cancelOutsideOrder, { id: newId(), orderId, reason: 'the customer moved' }));

const toldOf = (id: string): Told[] => told.filter((one) => one.id === id);
const statesOf = (id: string): string[] => toldOf(id).map(({ state }) => state);
const until = (id: string, wanted: (last: Told) => boolean): Promise<Told> =>
  vi.waitUntil(() => {
    const last = toldOf(id).at(-1);
    return last !== undefined && wanted(last) ? last : undefined;
  }, patiently);
const untilState = (id: string, state: string): Promise<Told> => until(id, (last) => last.state === state);
const atPartner = async (id: string): Promise<Json[]> => (await partner.ask(`${ORDERS}?externalId=${id}`)) as Json[];
const posted = (end: string): number =>
  partner.requests.filter(({ method, path }) => method === 'POST' && path.endsWith(end)).length;
const placed = (): number => posted('/serviceOrder');

/** The first request of that kind has that fate, all others pass. */
const once =
  (method: string, end: string, fate: ReturnType<FateOf>): FateOf =>
  (request) => {
    const isIt = request.method === method && request.path.endsWith(end);
    if (!isIt) return 'pass';
    partner.fate(() => 'pass');
    return fate;
  };

test('an order is placed with the partner, under our ids and token, and followed to its end; then what it made is deleted', async () => {
  begin();
  const item = ethernet();
  const id = await place(item);
  const ended = await untilState(id, 'completed');
  expect(ended).toMatchObject({ requestedBy: { orderId: `product-order of ${id}`, deliveryId: id } });
  expect(toldOf(id).map(({ orderRevision }) => orderRevision)).toEqual(toldOf(id).map((_, at) => at + 1));
  expect(await atPartner(id)).toMatchObject([{ externalId: id, state: 'completed' }]);
  expect(await partner.ask(`${SERVICES}/${item.serviceId}`)).toMatchObject({ state: 'active' });
  expect(new Set(partner.requests.map(({ token }) => token))).toEqual(new Set(['Bearer our-token']));

  const gone = await place(ethernet({ action: 'delete', serviceId: item.serviceId, characteristics: {} }));
  await untilState(gone, 'completed');
  expect(await partner.ask(`${SERVICES}/${item.serviceId}`)).toMatchObject({ state: 'terminated' });
});

test('the same command again places nothing and says the last word again', async () => {
  begin();
  const item = ethernet();
  const id = await place(item);
  const ended = await untilState(id, 'completed');
  const before = placed();
  const heard = toldOf(id).length;
  await placeAs(id, item);
  await vi.waitUntil(() => toldOf(id).length > heard, patiently);
  expect(toldOf(id).at(-1)).toEqual(ended);
  expect(placed()).toBe(before);
});

test('what the partner refuses at the door is rejected, with its code and reason, and never tried again', async () => {
  begin();
  const before = placed();
  const id = await place(ethernet({ action: 'add', operatingStatus: 'suspended' }));
  const { failure } = await untilState(id, 'rejected');
  expect(failure).toEqual({ code: 'invalidBody', reason: expect.stringContaining('operatingStatus') });
  expect(placed()).toBe(before + 1);
});

test('what fails at the partner is told with its reason', async () => {
  await partner.network.add([
    {
      id: 'no',
      manager: 'metro',
      operation: 'connect',
      kind: 'refuse',
      params: { code: 'noCapacity', reason: 'full' },
    },
  ]);
  begin();
  const id = await place(ethernet());
  const { failure } = await until(id, ({ state }) => state === 'failed');
  await partner.network.remove('no');
  expect(failure?.reason).toContain('full');
  const said = [expect.objectContaining({ code: failure?.code, reason: 'full' })];
  expect(failure?.code).not.toBe('outsideFailed');
  expect(await atPartner(id)).toMatchObject([{ state: 'failed', serviceOrderItem: [{ errorMessage: said }] }]);
});

test('an order whose answer is lost is looked up, not placed again', async () => {
  begin();
  partner.fate(once('POST', '/serviceOrder', 'loseAnswer'));
  const before = placed();
  const id = await place(ethernet());
  await untilState(id, 'completed');
  expect([placed() - before, (await atPartner(id)).length]).toEqual([1, 1]);
});

test('an order that never arrived is placed again once it stayed away for the settle time', async () => {
  begin();
  partner.fate(once('POST', '/serviceOrder', 'drop'));
  const before = placed();
  const id = await place(ethernet());
  await untilState(id, 'completed');
  expect([placed() - before, (await atPartner(id)).length]).toEqual([2, 1]);
});

test('a worker that dies with the answer in its hands leaves an order that its successor finds', async () => {
  begin({ timeout: '1s' });
  const id = newId();
  const item = ethernet();
  const before = placed();
  // The call is made, and nobody records what came of it: as if the process had died in between.
  await bench.sql`create or replace function outside_ordering.die() returns trigger language plpgsql as $$
    begin if new.remote_id is not null and old.remote_id is null then raise exception 'died'; end if; return new; end $$`;
  await bench.sql`create trigger die before update on outside_ordering.outside_order
    for each row execute function outside_ordering.die()`;
  await placeAs(id, item);
  await vi.waitUntil(async () => (await atPartner(id)).length === 1, patiently);
  await quit();
  await bench.sql`drop trigger die on outside_ordering.outside_order`;
  begin({ timeout: '1s' });
  await untilState(id, 'completed');
  expect([placed() - before, (await atPartner(id)).length]).toEqual([1, 1]);
});

test('a partner that is down is held off, burns no attempt, and gets the order when it is back', async () => {
  begin({ attempts: 1 });
  partner.fate(() => ({ status: 503, body: {} }));
  const ids = await Promise.all(Array.from({ length: 10 }, () => place(ethernet())));
  const heldOff = await vi.waitUntil(async () => {
    const rows = await bench.sql<{ platform: string }[]>`select platform from platform.breaker where state = 'open'`;
    return rows[0]?.platform;
  }, patiently);
  expect(heldOff).toBe(`outside ${new URL(partner.url).host}`);
  await sleep(3_000);
  expect(ids.flatMap(statesOf)).toEqual([]);
  partner.fate(() => 'pass');
  await Promise.all(ids.map((id) => untilState(id, 'completed')));
  for (const id of ids) expect(await atPartner(id)).toHaveLength(1);
});

test('a running order is cancelled at the partner, and nothing is left', async () => {
  await partner.network.pace({ afterMs: null });
  begin();
  const item = ethernet();
  const id = await place(item);
  await untilState(id, 'pending');
  await cancel(id);
  const { failure, cancellationRefused } = await untilState(id, 'cancelled');
  expect([failure, cancellationRefused]).toEqual([undefined, undefined]);
  expect(await atPartner(id)).toMatchObject([{ state: 'cancelled', cancellationReason: 'the customer moved' }]);
});

test('a cancellation whose answer is lost is asked for once', async () => {
  await partner.network.pace({ afterMs: null });
  begin();
  const id = await place(ethernet());
  await untilState(id, 'pending');
  partner.fate(once('POST', '/cancelServiceOrder', 'loseAnswer'));
  const before = posted('/cancelServiceOrder');
  await cancel(id);
  await untilState(id, 'cancelled');
  const [{ id: remoteId } = {}] = await atPartner(id);
  const tasks = await partner.ask(`/tmf-api/serviceOrdering/v4/cancelServiceOrder?serviceOrder.id=${String(remoteId)}`);
  expect([tasks, posted('/cancelServiceOrder') - before]).toMatchObject([[{ state: 'done' }], 1]);
});

test('a cancellation that comes too late is refused with the partner’s reason, and the order goes on', async () => {
  await partner.network.add([
    { id: 'slow', manager: 'metro', operation: 'monitor', kind: 'latency', params: { ms: 3_000 } },
  ]);
  begin();
  const id = await place(ethernet());
  await vi.waitUntil(async () => JSON.stringify(await atPartner(id)).includes('carries traffic'), patiently);
  await cancel(id);
  const { cancellationRefused } = await until(id, (last) => last.cancellationRefused !== undefined);
  expect(cancellationRefused?.reason).toEqual(expect.stringMatching(/return|cancel/i));
  await untilState(id, 'completed');
  await partner.network.remove('slow');
});

test('a partner that is killed midway and comes back is followed to the same end', async () => {
  await partner.network.pace({ afterMs: null });
  begin();
  const items = Array.from({ length: 4 }, () => ethernet());
  const ids = await Promise.all(items.map(place));
  await Promise.all(ids.map((id) => untilState(id, 'pending')));
  await partner.kill();
  const late = await place(ethernet());
  await sleep(2_000);
  await partner.start();
  await partner.network.pace({ afterMs: 20 });
  await partner.network.deliver();
  await Promise.all([...ids, late].map((id) => untilState(id, 'completed')));
  for (const id of [...ids, late]) expect(await atPartner(id)).toMatchObject([{ state: 'completed' }]);
  for (const { serviceId } of items)
    expect(await partner.ask(`${SERVICES}/${serviceId}`)).toMatchObject({ state: 'active' });
});

test('an answer that is no service order is logged, and the order is asked for again', async () => {
  await partner.network.pace({ afterMs: null });
  begin();
  const id = await place(ethernet());
  await untilState(id, 'pending');
  const logged = (): boolean => JSON.stringify(bench.logged).includes('The answer is not a service order');
  partner.fate(() => ({ status: 200, body: { hello: 'world' } }));
  await vi.waitUntil(logged, patiently);
  partner.fate(() => 'pass');
  await partner.network.pace({ afterMs: 20 });
  await partner.network.deliver();
  expect((await untilState(id, 'completed')).failure).toBeUndefined();
});

test('an order that is gone at the partner is told as vanished, after it stayed away', async () => {
  await partner.network.pace({ afterMs: null });
  begin({ vanished: '1s' });
  const id = await place(ethernet());
  await untilState(id, 'pending');
  partner.fate(() => ({ status: 404, body: { code: 'notFound', reason: 'There is none.' } }));
  const { failure } = await untilState(id, 'failed');
  expect(failure?.code).toBe('vanished');
});

test('an order that is not done by its deadline is called off there and fails here', async () => {
  await partner.network.pace({ afterMs: null });
  begin({ deadline: '3s' });
  const id = await place(ethernet());
  const { failure } = await untilState(id, 'failed');
  expect(failure?.code).toBe('timedOut');
  expect(await atPartner(id)).toMatchObject([{ state: 'cancelled' }]);
});

test('without an endpoint an order is held with the reason, and goes on once there is one', async () => {
  role = startOutsideOrdering(bench.role('http://127.0.0.1:1'));
  const id = await place(ethernet());
  expect((await untilState(id, 'held')).failure?.code).toBe('noEndpoint');
  await quit();
  await bench.sql`update outside_ordering.outside_order set due_at = now() where id = ${id}`;
  begin();
  await untilState(id, 'completed');
  expect(await bench.ready(outsideOrderingQueue)).toBe(0);
});

test('orders whose time has come are leased until they are saved; of an endpoint that is held off, those that are out of time', async () => {
  await bench.sql`truncate outside_ordering.outside_order`;
  const { order } = placedOrder(aRequest({ id: newId() }));
  if (order === undefined) throw new Error('nothing was placed');
  const past = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);
  const going = { ...order, deadlineAt: past(-3_600).toISOString() };
  const due = { ...going, dueAt: past(60) };
  const late = { ...going, id: newId(), dueAt: past(30), open: false, deadlineAt: past(10).toISOString() };
  const save = (...orders: readonly OutsideOrder[]) =>
    bench.sql.begin((tx) => Promise.all(outsideOrders(() => undefined).save(tx, orders)));
  await save(due, late, { ...going, id: newId(), dueAt: past(-60) });
  const taken = async (heldOff: readonly string[], limit = 8) =>
    (
      await leaseDueRows(
        bench.sql,
        outsideOrderRows(() => heldOff),
        limit,
      )
    ).map(({ id }) => id);
  expect([await taken([order.serviceType]), await taken([], 1), await taken([])]).toEqual([[late.id], [due.id], []]);
  await save({ ...due, dueAt: past(20) });
  expect(await taken([])).toEqual([due.id]);
  await bench.sql`truncate outside_ordering.outside_order`;
});
