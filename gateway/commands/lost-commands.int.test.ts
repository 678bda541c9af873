import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import { type Ask, type System, type WorkerRole, startSystem } from '../../ops/verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../ops/verify/testbed/testbed.ts';
import { CANCELLATIONS, ORDERS, SERVICES, type Answer, conformingClient } from '../conformance/conforming-client.ts';
import { inState, pathOf } from '../conformance/reading.ts';

let testbed: Testbed;
let system: System;
const asking = (ask: Ask) => conformingClient(ask, {});
let client: ReturnType<typeof asking>;
let impatient: ReturnType<typeof asking>;

beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  client = asking(system.request);
  impatient = asking(await system.gateway({ COMMAND_WAIT_MS: '300' }));
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const soon = { timeout: 20_000, interval: 100 };
const idOf = (path: string) => path.split('/').at(-1) ?? '';
const waiting = async (): Promise<string> => {
  const order = pathOf(
    await client.post(ORDERS, {
      requestedStartDate: new Date(Date.now() + 3_600_000).toISOString(),
      serviceOrderItem: [{ id: '1', action: 'noChange', service: { id: 's' } }],
    }),
  );
  await client.until(order, inState('pending'));
  return order;
};

/** Loses what a queue holds, once all of it is known to be there. */
async function lose(queue: string): Promise<void> {
  const rows = () => system.sql<{ handed: boolean }[]>`
    select handed_over_at is not null as handed from platform.message where queue = ${queue}`;
  await expect.poll(async () => new Set((await rows()).map(({ handed }) => handed)), soon).toEqual(new Set([true]));
  const { url, vhost, headers } = testbed.management;
  const answer = await fetch(`${url}/api/queues/${vhost}/${queue}/contents`, { method: 'DELETE', headers });
  expect(answer.status).toBe(204);
}

/** The half minute after which a queue is asked what it has lost, and the minute that follows the answer. */
async function laterOn(queue: string): Promise<void> {
  await system.sql`
    update platform.message set handed_over_at = handed_over_at - interval '31 seconds'
    where queue = ${queue} and handed_over_at is not null`;
  const passed = () => system.sql`select from platform.message where queue = ${queue} and passed_at is not null`;
  await expect.poll(async () => (await passed()).count, soon).toBeGreaterThan(0);
  await system.sql`update platform.message set passed_at = passed_at - interval '61 seconds' where queue = ${queue}`;
}

const handlings = async (queue: string, type: string, about: string): Promise<number> =>
  (
    await system.sql`
      select from platform.journal where consumer = ${queue} and type like ${`%${type}%`} and correlation_id = ${about}::uuid`
  ).count;

/** Sends a command its owner does not take, and returns what the client heard. */
async function unheard(owner: WorkerRole, request: () => Promise<Answer>, what: () => Promise<void>): Promise<number> {
  await system.stop(owner);
  try {
    const { status } = await request();
    await what();
    return status;
  } finally {
    await system.start(owner);
  }
}

describe('a command that was lost with its queue', () => {
  interface Case {
    readonly owner: WorkerRole;
    readonly request: (ask: typeof client, order: string, key: Record<string, string>) => Promise<Answer>;
    readonly answer: number;
    readonly after: (order: string) => Promise<unknown>;
    readonly seen: unknown;
  }
  const read = async (path: string): Promise<JsonObject> => (await client.get(path)).body;
  const cases: Record<string, Case> = {
    'a PATCH': {
      owner: 'service-ordering',
      request: (ask, order, key) => ask.patch(order, { description: 'changed' }, key),
      answer: 200,
      after: async (order) => (await read(order))['description'],
      seen: 'changed',
    },
    'a cancellation': {
      owner: 'service-ordering',
      request: (ask, order, key) => ask.post(CANCELLATIONS, { serviceOrder: { id: idOf(order) } }, key),
      answer: 201,
      after: async (order) => (await client.get(`${CANCELLATIONS}?serviceOrder.id=${idOf(order)}`)).list.length,
      seen: 1,
    },
    'the create of a service': {
      owner: 'service-inventory',
      request: (ask, order, key) =>
        ask.post(
          SERVICES,
          { name: idOf(order), state: 'designed', serviceSpecification: { id: 'broadband-access' } },
          key,
        ),
      answer: 201,
      after: async (order) => (await client.get(`${SERVICES}?name=${idOf(order)}`)).list.length,
      seen: 1,
    },
  };
  test.each(Object.entries(cases))('is carried out, and the same request is answered: %s', async (name, one) => {
    const order = await waiting();
    const key = { 'idempotency-key': `${name} ${order}` };
    const late = await unheard(
      one.owner,
      () => one.request(impatient, order, key),
      () => lose(one.owner),
    );
    await laterOn(one.owner);
    const answered = await one.request(client, order, key);
    const again = await one.request(client, order, key);
    expect([late, answered.status, again.status]).toEqual([503, one.answer, one.answer]);
    expect(again.body['id']).toEqual(answered.body['id']);
    expect(await one.after(order)).toEqual(one.seen);
    expect((await system.sql`select from gateway.pending_document`).count).toBe(0);
  });
});

test('a command that is only late is done once, and the answer is the first’s', async () => {
  const order = await waiting();
  const etag = (await client.get(order)).headers.get('etag') ?? '';
  const key = { 'idempotency-key': `twice ${order}`, 'if-match': etag };
  const patch = (ask: typeof client) => ask.patch(order, { description: 'once' }, key);
  const again: number[] = [];
  const late = await unheard(
    'service-ordering',
    () => patch(impatient),
    async () => {
      again.push((await patch(impatient)).status, (await patch(impatient)).status);
    },
  );
  const { status, headers } = await patch(client);
  expect([late, ...again, status]).toEqual([503, 503, 503, 200]);
  expect(headers.get('etag')).toBe(`"${Number(etag.slice(1, -1)) + 1}"`);
  expect(await handlings('service-ordering', 'amend', idOf(order))).toBe(1);
});

test('a refusal that was lost with its queue is heard', async () => {
  const order = await waiting();
  const key = { 'idempotency-key': `refused ${order}` };
  await system.stop('projector');
  const late = await impatient.remove(order, key);
  await expect.poll(() => handlings('service-ordering', 'delete', idOf(order)), soon).toBe(1);
  await lose('gateway.projector');
  await system.start('projector');
  await laterOn('gateway.projector');
  expect([late.status, (await client.remove(order, key)).status]).toEqual([503, 409]);
});

/** The owner's own code fails, until it is mended. */
const broken = (when: 'insert' | 'update') =>
  system.sql.unsafe(`
  create function service_ordering.broken() returns trigger language plpgsql as
    $$ begin raise exception 'broken' using errcode = '22000'; end $$;
  create trigger broken before ${when} on service_ordering.service_order
    for each row execute function service_ordering.broken()`);
const mended = () => system.sql.unsafe('drop function service_ordering.broken cascade');

describe('a command that is given up', () => {
  test('is answered 503 commandGivenUp, and its key is free', async () => {
    const order = await waiting();
    const key = { 'idempotency-key': `given up ${order}` };
    const patch = () => client.patch(order, { description: 'anew' }, key);
    await broken('update');
    const { status, body } = await patch();
    expect([status, body['code']]).toEqual([503, 'commandGivenUp']);
    await mended();
    expect((await patch()).status).toBe(200);
    expect((await client.get(order)).body['description']).toBe('anew');
  });

  test('is told to a request that comes later, and then its key is free', async () => {
    const order = await waiting();
    const key = { 'idempotency-key': `given up late ${order}` };
    const patch = (ask: typeof client) => ask.patch(order, { description: 'late' }, key);
    await broken('update');
    const late = await unheard(
      'service-ordering',
      () => patch(impatient),
      () => Promise.resolve(),
    );
    const letters = () => system.sql`
      select from platform.letter where correlation_id = ${idOf(order)} and ended_at is null`;
    await expect.poll(async () => (await letters()).count, soon).toBe(1);
    await mended();
    const told = await patch(client);
    expect([late, told.status, told.body['code']]).toEqual([503, 503, 'commandGivenUp']);
    expect((await patch(client)).status).toBe(200);
  });
});

test('an accepted order whose command is given up shows as held, with a jeopardy alert', async () => {
  await broken('insert');
  const order = pathOf(
    await client.post(ORDERS, { serviceOrderItem: [{ id: '1', action: 'noChange', service: { id: 's' } }] }),
  );
  const held = await client.until(order, inState('held'));
  expect(held['jeopardyAlert']).toMatchObject([{ name: 'messageGivenUp', exception: '22000' }]);
  expect((await client.get(`${ORDERS}?state=held`)).list.map(({ id }) => id)).toEqual([idOf(order)]);
  await mended();
});
