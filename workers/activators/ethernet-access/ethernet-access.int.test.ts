import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { send } from '../../../contracts/messages/message.ts';
import {
  type ServiceSpecification,
  serviceSpecificationPublished,
} from '../../../contracts/messages/service-catalog.ts';
import { publicationOf } from '../../../ops/platform/messaging/envelope.ts';
import { newId } from '../../../ops/platform/ids.ts';
import { insertDue } from '../../../ops/platform/messaging/message.store.ts';
import { type Ask, type System, partnerSecret, startSystem } from '../../../ops/verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../../ops/verify/testbed/testbed.ts';

const soon = { timeout: 30_000, interval: 50 };
const orders = '/tmf-api/serviceOrdering/v4/serviceOrder';
const services = '/tmf-api/serviceInventory/v4/service';
type Json = Record<string, unknown>;

let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  await system.listen();
  await publish('asked-often', { deadline: '5m', pollEvery: '200ms' });
  await publish('asked-seldom', { deadline: '5m', pollEvery: '4m' });
  await publish('in-a-hurry', { deadline: '400ms', pollEvery: '5m' });
});
beforeEach(() => system.network.pace({}));
afterEach(async () => {
  await system.network.remove('told');
  // Whatever a test was about: nothing was done twice, and the network has what the inventory says it has.
  const { references } = await system.network.summary();
  const twice = references.filter(({ effects, excess }) => effects > 1 || excess > 0);
  const wrong = [...twice.map((one) => JSON.stringify(one)), ...(await unlike())];
  if (wrong.length > 0) throw new Error(wrong.join('; '));
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

/** The sample's specification with other patience, under an id of its own. */
async function publish(id: string, wait: { deadline: string; pollEvery: string }): Promise<void> {
  const [row] = await system.sql<{ doc: ServiceSpecification }[]>`
    select doc from service_ordering.service_specification where id = 'ethernet-access'`;
  const sample = row?.doc ?? expect.fail('no sample specification');
  const specification = { ...sample, id, activation: { waits: { 'order-port': wait } } };
  await insertDue(system.sql, [
    publicationOf(send(serviceSpecificationPublished, { specification }), { correlationId: newId() }),
  ]);
  await vi.waitUntil(
    async () => (await system.sql`select 1 from service_ordering.service_specification where id = ${id}`).length > 0,
    soon,
  );
}

const ask = async (path: string, body?: Json): Promise<Json> => {
  const content = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await system.request(path, body === undefined ? {} : content);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Json;
};

async function place(specification: string): Promise<string> {
  const service = {
    serviceSpecification: { id: specification },
    serviceCharacteristic: [
      { name: 'site', value: 'SITE-1' },
      { name: 'bandwidthMbps', value: 100 },
    ],
  };
  return ordered({ action: 'add', service });
}
/** An order of one item. */
const ordered = async (item: Json): Promise<string> =>
  String((await ask(orders, { serviceOrderItem: [{ id: 'line', ...item }] }))['id']);

const order = (id: string): Promise<Json> => ask(`${orders}/${id}`);
const isIn = (id: string, state: string): Promise<Json> =>
  vi.waitUntil(async () => {
    const found = await order(id);
    return found['state'] === state && found;
  }, soon);
const itemOf = (found: Json): Json => (found['serviceOrderItem'] as Json[])[0] ?? {};
const serviceOf = (found: Json): string => String((itemOf(found)['service'] as Json)['id']);

/** Its activation's open or last entry of the partner's step. */
async function entryOf(
  orderId: string,
): Promise<{ state: string; log: { what: string; result?: string }[]; reference: string }> {
  const [row] = await system.sql<
    { id: string; doc: { entries: { step: string; direction: string; state: string; log?: [] }[] } }[]
  >`
    select id, doc from activation.activation where business_key like ${`["${orderId}",%`}`;
  const at = row?.doc.entries.findIndex(({ step, direction }) => step === 'order-port' && direction === 'apply') ?? -1;
  const entry = row?.doc.entries[at];
  return { state: entry?.state ?? '', log: entry?.log ?? [], reference: `${row?.id}.${at}` };
}
const waits = async (orderId: string): Promise<void> => {
  await vi.waitUntil(async () => (await entryOf(orderId)).state === 'external', soon);
};
const saidBy = async (orderId: string): Promise<string[]> =>
  (await entryOf(orderId)).log.filter(({ result }) => result === 'landed').map(({ what }) => what);

/** Where the partner and our own network hold something else than the inventory says. */
async function unlike(): Promise<string[]> {
  const { partner = {}, metro = {} } = await system.network.holdings();
  const active = (await ask(`${services}?serviceType=ethernet-access&state=active&limit=100`)) as unknown as Json[];
  const says = new Map(
    active.map((service) => [
      String(service['id']),
      Object.fromEntries((service['serviceCharacteristic'] as Json[]).map(({ name, value }) => [String(name), value])),
    ]),
  );
  return [...new Set([...Object.keys(partner), ...Object.keys(metro), ...says.keys()])].flatMap((id) => {
    const { handover, bandwidthMbps, evcId } = says.get(id) ?? {};
    const found = JSON.stringify([partner[id]?.['handover'], partner[id]?.['bandwidthMbps'], metro[id]?.['evcId']]);
    const wanted = JSON.stringify([handover, bandwidthMbps, evcId]);
    return found === wanted && partner[id]?.['pending'] === undefined ? [] : [`${id}: ${found}, not ${wanted}`];
  });
}

/** Says to a gateway how an order went, signed as the partner signs. */
function tell(
  to: Ask,
  body: string,
  { at = Date.now(), secret = partnerSecret, path = 'partner/ethernet-access' } = {},
) {
  const t = Math.floor(at / 1_000);
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'patchbay-signature': `t=${t},v1=${v1}` };
  return to(`/callbacks/${path}`, { method: 'POST', headers, body });
}
const delivered = (reference: string): string =>
  JSON.stringify({ reference, state: 'done', result: { handover: 'nni-9/9', bandwidthMbps: 100 } });

describe('an order that goes to the partner', () => {
  test('waits, says for whom, and is completed by the callback', async () => {
    await system.network.pace({ afterMs: null });
    const id = await place('asked-seldom');
    const waiting = await isIn(id, 'pending');
    expect(itemOf(waiting)['state']).toBe('pending');
    expect(JSON.stringify(waiting)).toContain('Waits for partner to do order-port');
    await system.network.deliver();
    const done = await isIn(id, 'completed');
    expect(await saidBy(id)).toEqual(['answer']);
    expect(JSON.stringify(done['milestone'])).toContain('The partner has delivered the port.');
    const service = await ask(`${services}/${serviceOf(done)}`);
    expect(service).toMatchObject({ state: 'active', operatingStatus: 'active' });
  });

  test('is completed by asking when nobody calls back', async () => {
    await system.network.pace({ callback: 'lost' });
    const id = await place('asked-often');
    await isIn(id, 'completed');
    expect((await saidBy(id)).every((what) => what !== 'answer')).toBe(true);
  });

  test.each(['twice', 'early'] as const)('is completed once when the callback comes %s', async (callback) => {
    await system.network.pace({ callback });
    const id = await place('asked-seldom');
    const done = await isIn(id, 'completed');
    const [delivery] = (await system.network.deliveries()).filter(({ serviceRef }) => serviceRef === serviceOf(done));
    await vi.waitUntil(async () => {
      const [told] = (await system.network.deliveries()).filter(({ reference }) => reference === delivery?.reference);
      return told?.answered === (callback === 'twice' ? 2 : 1);
    }, soon);
    expect((await entryOf(id)).log.filter(({ what }) => what === 'answer')).toHaveLength(1);
  });

  test('fails with the reason when the partner gives it up', async () => {
    await system.network.pace({ outcome: 'refused', code: 'no-fibre', reason: 'no fibre in that street' });
    const id = await place('asked-seldom');
    expect(JSON.stringify(await isIn(id, 'failed'))).toContain('no fibre in that street');
  });

  test('fails with the reason although both answer and callback got lost', async () => {
    await system.network.pace({ afterMs: 0, outcome: 'refused', reason: 'no fibre either', callback: 'lost' });
    await system.network.add([{ id: 'told', manager: 'partner', operation: 'provide', kind: 'lost-answer', count: 1 }]);
    const id = await place('asked-seldom');
    expect(JSON.stringify(await isIn(id, 'failed'))).toContain('no fibre either');
  });

  test('goes on by the callback that came while its activator was away', async () => {
    await system.network.pace({ afterMs: null });
    const id = await place('asked-seldom');
    await waits(id);
    await system.stop('activator');
    await system.network.deliver();
    await vi.waitUntil(async () => (await system.network.deliveries()).every(({ state }) => state !== 'open'), soon);
    await system.start('activator');
    await isIn(id, 'completed');
    expect(await saidBy(id)).toEqual(['answer']);
  });

  test('ends partial, its service active and degraded, when it cannot be monitored', async () => {
    const refusal = { manager: 'metro', operation: 'monitor', kind: 'refuse', count: 1 } as const;
    await system.network.add([{ id: 'told', ...refusal, params: { code: 'no-probe', reason: 'no probe left' } }]);
    const done = await isIn(await place('asked-seldom'), 'partial');
    expect(JSON.stringify(done)).toContain('no probe left');
    expect(await ask(`${services}/${serviceOf(done)}`)).toMatchObject({ state: 'active', operatingStatus: 'degraded' });
  });
});

describe('an order that the partner does not deliver in time', () => {
  test('is taken back at the partner and fails with the reason; what is delivered all the same is ceased again', async () => {
    await system.network.pace({ afterMs: null, despiteCease: true });
    const id = await place('in-a-hurry');
    const failed = await isIn(id, 'failed');
    expect(JSON.stringify(failed)).toMatch(/partner has not done order-port by/);
    expect(await ceases(serviceOf(failed))).toBe(1);
    expect((await system.network.holdings())['partner']?.[serviceOf(failed)]).toBeUndefined();
    await system.network.deliver();
    await vi.waitUntil(async () => (await ceases(serviceOf(failed))) === 2, soon);
    await vi.waitUntil(async () => (await unlike()).length === 0, soon);
    expect((await order(id))['state']).toBe('failed');
  });
});

describe('an order that changes what the partner delivered', () => {
  const modified = (service: string, bandwidthMbps: number): Promise<string> =>
    ordered({
      action: 'modify',
      service: { id: service, serviceCharacteristic: [{ name: 'bandwidthMbps', value: bandwidthMbps }] },
    });

  test('waits for the partner again, and keeps the handover', async () => {
    const service = serviceOf(await isIn(await place('asked-seldom'), 'completed'));
    const { handover } = (await system.network.holdings())['partner']?.[service] ?? {};
    await isIn(await modified(service, 900), 'completed');
    const { partner, metro } = await system.network.holdings();
    expect([partner?.[service], metro?.[service]]).toMatchObject([
      { handover, bandwidthMbps: 900 },
      { handover, bandwidthMbps: 900, probeId: expect.any(String) },
    ]);
  });

  test('leaves everything as it was when the partner does not manage it in time', async () => {
    const service = serviceOf(await isIn(await place('in-a-hurry'), 'completed'));
    await system.network.pace({ afterMs: null });
    expect(JSON.stringify(await isIn(await modified(service, 900), 'failed'))).toMatch(/has not done order-port by/);
    expect((await system.network.holdings())['partner']?.[service]).toMatchObject({ bandwidthMbps: 100 });
    expect(await ask(`${services}/${service}`)).toMatchObject({ state: 'active', operatingStatus: 'active' });
  });
});

describe('an order that is cancelled while the partner has it', () => {
  test('is taken back there, and what is delivered all the same is ceased again', async () => {
    await system.network.pace({ afterMs: null, despiteCease: true });
    const id = await place('asked-seldom');
    await isIn(id, 'pending');
    await ask('/tmf-api/serviceOrdering/v4/cancelServiceOrder', { serviceOrder: { id } });
    const cancelled = await isIn(id, 'cancelled');
    expect(await ceases(serviceOf(cancelled))).toBe(1);
    await system.network.deliver();
    await vi.waitUntil(async () => (await ceases(serviceOf(cancelled))) === 2, soon);
    await vi.waitUntil(async () => (await unlike()).length === 0, soon);
    expect((await order(id))['state']).toBe('cancelled');
  });
});

const ceases = async (service: string): Promise<number> =>
  (await system.network.summary()).references
    .filter(({ serviceRef, operation }) => serviceRef === service && operation === 'cease')
    .reduce((sum, { effects }) => sum + effects, 0);

describe('a callback', () => {
  const body = delivered(`${newId()}.0`);

  test('is refused without a good and recent signature: 401, and nothing is kept', async () => {
    const before = await kept();
    const unsigned = await system.request('/callbacks/partner/ethernet-access', { method: 'POST', body });
    const answers = await Promise.all([
      tell(system.request, body, { secret: 'somebody else' }),
      tell(system.request, body, { at: Date.now() - 600_000 }),
      tell(system.request, body, { at: Date.now() + 600_000 }),
      tell(system.request, 'not even JSON', { secret: 'somebody else' }),
    ]);
    for (const answer of [unsigned, ...answers]) {
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: 'unauthorized', reason: expect.any(String), status: '401' });
    }
    expect(await kept()).toBe(before);
  });

  test.each([
    ['not JSON', '{'],
    ['nothing', '{}'],
    ['another state', '{"reference":"r","state":"perhaps"}'],
    ['no reference', '{"state":"done"}'],
    ['a string that cannot be kept', '{"reference":"r\\u0000","state":"done"}'],
  ])('that says %s is 400', async (_, said) => {
    const answer = await tell(system.request, said);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: expect.any(String), reason: expect.any(String) });
  });

  test('that is too long is 413, and one that nobody waits for here is 404', async () => {
    const long = JSON.stringify({ reference: 'r', state: 'done', result: 'x'.repeat(70_000) });
    expect((await tell(system.request, long)).status).toBe(413);
    for (const path of ['olt/ethernet-access', 'partner/fax', 'PARTNER/ethernet-access', `${'p'.repeat(300)}/x`])
      expect((await tell(system.request, body, { path })).status).toBe(404);
    expect((await system.request('/callbacks/partner/ethernet-access')).status).toBe(405);
  });

  test('is kept although the broker is down, and finishes the order when it is back', async () => {
    await system.network.pace({ afterMs: null, callback: 'lost' });
    const id = await place('asked-seldom');
    await waits(id);
    await system.network.deliver();
    const { reference } = await entryOf(id);
    const cutOff = await system.gateway({ AMQP_URL: 'amqp://127.0.0.1:9' });
    const result = (await system.network.holdings())['partner']?.[serviceOf(await order(id))];
    expect((await tell(cutOff, JSON.stringify({ reference, state: 'done', result }))).status).toBe(204);
    await isIn(id, 'completed');
  });

  test('for what nobody ordered is taken and put aside, and stops nothing', async () => {
    expect((await tell(system.request, body)).status).toBe(204);
    expect((await tell(system.request, body)).status).toBe(204);
    await isIn(await place('asked-seldom'), 'completed');
  });
});

const kept = async (): Promise<number> =>
  Number(
    (
      await system.sql`select count(*)::int as n from platform.message where type like 'activation.external-answered%'`
    )[0]?.['n'],
  );
