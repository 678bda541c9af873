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

/** Loses what a queue holds, once the relay has brought it there. */
async function lose(queue: string): Promise<void> {
  await expect.poll(async () => (await system.sql`select from platform.outbox`).count).toBe(0);
  const { url, vhost, headers } = testbed.management;
  const answer = await fetch(`${url}/api/queues/${vhost}/${queue}/contents`, { method: 'DELETE', headers });
  expect(answer.status).toBe(204);
}
const laterOn = () => system.sql`update gateway.idempotency set created_at = created_at - interval '31 seconds'`;
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
    'a PATCH under If-Match': {
      owner: 'service-ordering',
      request: (ask, order, key) => ask.patch(order, { description: 'matched' }, { ...key, 'if-match': '*' }),
      answer: 200,
      after: async (order) => (await read(order))['description'],
      seen: 'matched',
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
  test.each(Object.entries(cases))('is sent again by the same request: %s', async (name, one) => {
    const order = await waiting();
    const key = { 'idempotency-key': `${name} ${order}` };
    const late = await unheard(
      one.owner,
      () => one.request(impatient, order, key),
      () => lose(one.owner),
    );
    const early = await one.request(impatient, order, key);
    await laterOn();
    const answered = await one.request(client, order, key);
    const again = await one.request(client, order, key);
    expect([late, early.status, answered.status, again.status]).toEqual([503, 503, one.answer, one.answer]);
    expect(again.body['id']).toEqual(answered.body['id']);
    expect(await one.after(order)).toEqual(one.seen);
    expect((await system.sql`select from gateway.pending_document`).count).toBe(0);
  });

  test('is sent again by the same request: a DELETE', async () => {
    const order = await waiting();
    await client.post(CANCELLATIONS, { serviceOrder: { id: idOf(order) } });
    const key = { 'idempotency-key': `delete ${order}` };
    const late = await unheard(
      'service-ordering',
      () => impatient.remove(order, key),
      () => lose('service-ordering'),
    );
    await laterOn();
    const answered = [await client.remove(order, key), await client.remove(order, key)];
    expect([late, ...answered.map(({ status }) => status)]).toEqual([503, 204, 204]);
    expect((await client.get(order)).status).toBe(404);
  });
});

describe('a command that is only late', () => {
  test('is done once although it was sent again, and the answer is the first’s', async () => {
    const order = await waiting();
    const etag = (await client.get(order)).headers.get('etag') ?? '';
    const key = { 'idempotency-key': `twice ${order}`, 'if-match': etag };
    const patch = (ask: typeof client) => ask.patch(order, { description: 'once' }, key);
    const again: number[] = [];
    const late = await unheard(
      'service-ordering',
      () => patch(impatient),
      async () => {
        await laterOn();
        again.push((await patch(impatient)).status, (await patch(impatient)).status);
        await expect.poll(async () => (await system.sql`select from platform.outbox`).count).toBe(0);
      },
    );
    const { status, headers } = await patch(client);
    expect([late, ...again, status]).toEqual([503, 503, 503, 200]);
    expect(headers.get('etag')).toBe(`"${Number(etag.slice(1, -1)) + 1}"`);
    expect(await handlings('service-ordering', 'amend', idOf(order))).toBe(1);
  });

  test('and has not left yet is not sent again', async () => {
    const order = await waiting();
    const key = { 'idempotency-key': `kept ${order}` };
    const patch = (ask: typeof client) => ask.patch(order, { description: 'kept' }, key);
    const kept = () => system.sql`
      select b.available_at from platform.outbox b join gateway.idempotency k on b.message_id = k.command_id
      where k.resource_id = ${idOf(order)}`;
    const again: number[] = [];
    await unheard(
      'service-ordering',
      () => patch(impatient),
      async () => {
        await lose('service-ordering');
        // As it is while the broker is away.
        await system.sql`
          insert into platform.outbox (id, message_id, exchange, routing_key, type, headers, body, available_at)
          select command_id, command_id, '', 'nowhere', 'x', '{}', '', 'infinity' from gateway.idempotency
          where resource_id = ${idOf(order)}`;
        await laterOn();
        again.push((await patch(impatient)).status, (await kept()).count);
      },
    );
    expect(again).toEqual([503, 1]);
    await system.sql`delete from platform.outbox where routing_key = 'nowhere'`;
    expect((await patch(client)).status).toBe(200);
  });
});

test('a command that its owner dead-lettered is asked for anew', async () => {
  const order = await waiting();
  const key = { 'idempotency-key': `parked ${order}` };
  const patch = (ask: typeof client) => ask.patch(order, { description: 'anew' }, key);
  const late = await unheard(
    'service-ordering',
    () => patch(impatient),
    async () => {
      await lose('service-ordering');
      await system.sql`
        insert into platform.inbox (consumer, message_id, attempt, correlation_id, type, outcome)
        select 'service-ordering', command_id, n, ${idOf(order)}::uuid, 'x', case n when 1 then 'retry' else 'deadLettered' end
        from gateway.idempotency, generate_series(1, 2) n where resource_id = ${idOf(order)}`;
    },
  );
  await laterOn();
  expect([late, (await patch(client)).status]).toEqual([503, 200]);
  expect((await client.get(order)).body['description']).toBe('anew');
});

test('a refusal that was lost with its queue is told again', async () => {
  const order = await waiting();
  const key = { 'idempotency-key': `refused ${order}` };
  await system.stop('projector');
  const late = await impatient.remove(order, key);
  await expect.poll(() => handlings('service-ordering', 'delete', idOf(order))).toBe(1);
  const { url, vhost, headers } = testbed.management;
  // Its row stays, with patience: a second after it was published.
  const patient = () => system.sql`select from platform.outbox where type like '%refused%' and patience_s > 20`;
  await expect.poll(async () => (await patient()).count, { timeout: 5_000 }).toBe(1);
  await fetch(`${url}/api/queues/${vhost}/gateway.projector/contents`, { method: 'DELETE', headers });
  await system.sql`update platform.outbox set available_at = now()`;
  await system.start('projector');
  expect([late.status, (await client.remove(order, key)).status]).toEqual([503, 409]);
});
