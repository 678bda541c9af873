import { connect } from 'node:net';

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

/** An order that changes nothing and so completes at once. */
const nothing = (more: JsonObject = {}) => ({
  serviceOrderItem: [{ id: '1', action: 'noChange', service: { id: 's' } }],
  ...more,
});
const aLine = (more: JsonObject = {}) => ({
  id: 'line',
  action: 'add',
  service: {
    serviceSpecification: { id: 'broadband-access' },
    serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
  },
  ...more,
});
const place = async (order: JsonObject): Promise<string> => pathOf(await client.post(ORDERS, order));
const completed = async (order: JsonObject): Promise<string> => {
  const path = await place(order);
  await client.until(path, inState('completed'));
  return path;
};
const counted = async (filter: string) =>
  Number((await client.get(`${ORDERS}?${filter}`)).headers.get('x-total-count'));
const withKey = (key: string) => ({ 'idempotency-key': key });

describe('an accepted order', () => {
  test('is there for the next reader with broker and workers away, and is done once they are back', async () => {
    const alone = asking(await system.gateway({ AMQP_URL: 'amqp://127.0.0.1:1' }));
    await system.stop('projector', 'service-ordering', 'service-inventory', 'activator');
    const accepted = await alone.post(ORDERS, await sampleOrder('business-internet'));
    const read = await alone.get(pathOf(accepted));
    const listed = await alone.get(`${ORDERS}?state=acknowledged`);
    await system.start('projector', 'service-ordering', 'service-inventory', 'activator');
    expect(accepted.status).toBe(201);
    expect(read.body).toEqual(accepted.body);
    expect(listed.list).toEqual([accepted.body]);
    expect((await client.until(pathOf(accepted), inState('completed')))['externalId']).toBe('sample-business-internet');
  });

  test('says where it is, alike in href, Location and its items’ services', async () => {
    const { headers, body } = await client.post(`http://tmf.example.test${ORDERS}`, nothing());
    const href = `http://tmf.example.test${ORDERS}/${String(body['id'])}`;
    expect([headers.get('location'), body['href'], headers.get('etag')]).toEqual([href, href, '"0"']);
    expect(itemsOf(body)[0]?.['service']).toMatchObject({ href: `http://tmf.example.test${SERVICES}/s` });
  });

  test('is addressed as a proxy says only where that proxy is trusted', async () => {
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'api.example.test',
      'x-forwarded-prefix': '/telco',
    };
    const ask = async (settings: Record<string, string>) => {
      const replica = asking(await system.gateway(settings));
      const { headers } = await replica.post(`http://inside.test${ORDERS}`, nothing(), forwarded);
      const { headers: listed } = await replica.get(`http://inside.test${ORDERS}?limit=1`, forwarded);
      return [headers.get('location')?.replace(/[^/]*$/, ''), /<([^?]*)/.exec(listed.get('link') ?? '')?.[1]];
    };
    const at = (base: string) => [`${base}${ORDERS}/`, `${base}${ORDERS}`];
    expect(await ask({})).toEqual(at('http://inside.test'));
    expect(await ask({ TRUST_PROXY: 'true' })).toEqual(at('https://api.example.test/telco'));
    expect(await ask({ PUBLIC_URL: 'https://tmf.example.test/base/' })).toEqual(at('https://tmf.example.test/base'));
  });

  test('keeps what nobody knows, wherever it stands, through progress and patches', async () => {
    const extended = {
      '@type': 'BigOrder',
      '@baseType': 'ServiceOrder',
      '@schemaLocation': 'https://example.test/BigOrder.json',
      colour: { of: ['red', 1, null] },
      note: [{ id: 'n', text: 'said', mood: 'calm' }],
      relatedParty: [{ id: 'p', '@referredType': 'Individual', '@type': 'Friend', since: 1999 }],
      serviceOrderItem: [
        aLine({
          '@type': 'BigItem',
          size: 7,
          serviceOrderItem: [{ id: 'inner', action: 'noChange', service: { id: 'x' }, depth: 2 }],
        }),
      ],
    };
    const path = await completed(extended);
    const patched = await client.patch(path, { colour: { shade: 'dark' }, mark: true });
    expect(patched.status).toBe(200);
    const { serviceOrderItem: _items, ...rest } = extended;
    expect((await client.get(path)).body).toMatchObject({
      ...rest,
      colour: { of: ['red', 1, null], shade: 'dark' },
      mark: true,
      state: 'completed',
      serviceOrderItem: [
        {
          '@type': 'BigItem',
          size: 7,
          state: 'completed',
          service: { serviceCharacteristic: [{ name: 'downMbps', value: 100 }], serviceType: 'broadband' },
          serviceOrderItem: [{ id: 'inner', depth: 2, state: 'completed' }],
        },
      ],
    });
  });

  test('shows no trouble that is over, even if it was patched while it lasted', async () => {
    const first = await client.get(await completed({ serviceOrderItem: [aLine()] }));
    const [id] = serviceIdsOf(first.body);
    const modify = (value: number) => ({
      serviceOrderItem: [
        { id: 'm', action: 'modify', service: { id, serviceCharacteristic: [{ name: 'downMbps', value }] } },
      ],
    });
    await system.stop('activator');
    const holder = await place(modify(200));
    await client.until(holder, inState('inProgress'));
    const waiting = await place(modify(300));
    await client.until(waiting, (order) => itemsOf(order)[0]?.['errorMessage'] !== undefined);
    expect((await client.patch(waiting, { description: 'still waiting' })).status).toBe(200);
    await system.start('activator');
    const over = await client.until(waiting, inState('completed'));
    expect(itemsOf(over)[0]).not.toHaveProperty('errorMessage');
    expect(over['description']).toBe('still waiting');
  });
});

describe('a patch', () => {
  const merge = { 'content-type': 'application/merge-patch+json' };
  const steps = { 'content-type': 'application/json-patch+json' };

  test('merges: null removes, objects merge, arrays are replaced', async () => {
    const path = await completed(
      nothing({ description: 'a', priority: '1', note: [{ text: 'x' }, { text: 'y' }], more: { a: 1, b: 2 } }),
    );
    for (const headers of [merge, {}]) {
      const { status, body } = await client.patch(
        path,
        { description: null, note: [{ text: 'z' }], more: { b: null } },
        headers,
      );
      expect(status).toBe(200);
      expect(body).toMatchObject({ priority: '1', note: [{ text: 'z' }], more: { a: 1 } });
      expect(body).not.toHaveProperty('description');
      expect(body['more']).not.toHaveProperty('b');
    }
    expect((await client.get(path)).body).not.toHaveProperty('description');
  });

  test('goes step by step through arrays, all of it or nothing', async () => {
    const path = await completed(nothing({ note: [{ text: 'first' }] }));
    const add = { op: 'add', path: '/note/-', value: { text: 'second' } };
    expect((await client.patch(path, [add, { op: 'remove', path: '/note/7' }], steps)).status).toBe(400);
    const { body } = await client.patch(path, [add, { op: 'test', path: '/note/0/text', value: 'first' }], steps);
    expect(body['note']).toEqual([{ text: 'first' }, { text: 'second' }]);
  });

  test('may send back the whole order as it was read, with what is to change', async () => {
    const path = await completed({ ...nothing(), serviceOrderItem: [aLine()] });
    const read = await client.get(path);
    const { status, body } = await client.patch(path, { ...read.body, description: 'new' });
    expect([status, body]).toEqual([200, { ...read.body, description: 'new' }]);
  });

  test('that changes nothing makes no revision', async () => {
    const path = await completed(nothing({ description: 'as it is' }));
    const { headers } = await client.get(path);
    const again = await client.patch(path, { description: 'as it is' });
    expect([again.status, again.headers.get('etag')]).toEqual([200, headers.get('etag')]);
  });

  test.each([
    [400, 'notPatchable', { orderDate: '2026-01-01T00:00:00Z' }],
    [400, 'notPatchable', { category: 'other' }],
    [400, 'notPatchable', { milestone: [] }],
    [409, 'conflict', { state: 'cancelled' }],
    [409, 'conflict', { serviceOrderItem: [aLine()] }],
    [409, 'conflict', { expectedCompletionDate: '2030-01-01T00:00:00Z' }],
    [400, 'invalidBody', { serviceOrderItem: [] }],
    [400, 'invalidBody', { requestedStartDate: 'soon' }],
  ])('%d %s for %o', async (status, code, patch) => {
    const path = await completed(nothing({ category: 'one' }));
    const before = await client.get(path);
    const answer = await client.patch(path, patch);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect((await client.get(path)).body).toEqual(before.body);
  });

  test('under If-Match is for the revision its client saw; without, any number of them at once all count', async () => {
    const path = await completed(nothing());
    const { headers } = await client.get(path);
    const seen = { 'if-match': headers.get('etag') ?? '' };
    const made = await client.patch(path, { description: 'mine' }, seen);
    expect(made.status).toBe(200);
    expect(Number(made.headers.get('etag')?.slice(1, -1))).toBe(Number(seen['if-match'].slice(1, -1)) + 1);
    const late = await client.patch(path, { description: 'theirs' }, seen);
    expect([late.status, late.headers.get('etag')]).toEqual([412, made.headers.get('etag')]);
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => client.patch(path, { [name]: name })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await client.get(path)).body).toMatchObject({ a: 'a', b: 'b', c: 'c', description: 'mine' });
  });
});

describe('a delete', () => {
  test('takes an order that has ended out of sight, for good', async () => {
    const path = await completed(nothing({ externalId: 'gone' }));
    expect((await client.remove(path)).status).toBe(204);
    expect((await client.get(path)).status).toBe(404);
    expect((await client.patch(path, { description: 'x' })).status).toBe(404);
    expect((await client.remove(path)).status).toBe(404);
    expect(await counted('externalId=gone')).toBe(0);
  });

  test('of a running order is refused, and under If-Match of an overtaken one', async () => {
    await system.stop('activator');
    const path = await place({ serviceOrderItem: [aLine()] });
    await client.until(path, inState('inProgress'));
    const running = await client.remove(path);
    await system.start('activator');
    expect([running.status, running.body['code']]).toEqual([409, 'orderRunning']);
    await client.until(path, inState('completed'));
    expect((await client.remove(path, { 'if-match': '"1"' })).status).toBe(412);
    const { headers } = await client.get(path);
    expect((await client.remove(path, { 'if-match': headers.get('etag') ?? '' })).status).toBe(204);
  });
});

describe('an Idempotency-Key', () => {
  test('makes the same request again the same order, with the same answer', async () => {
    const order = nothing({ externalId: 'once' });
    const first = await client.post(ORDERS, order, withKey('k1'));
    await client.until(pathOf(first), inState('completed'));
    const again = await client.post(ORDERS, order, withKey('k1'));
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      201,
      first.body,
      first.headers.get('location'),
    ]);
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
    expect(await counted('externalId=once')).toBe(1);
  });

  test('sent many times at once makes one order', async () => {
    const order = nothing({ externalId: 'at once' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.post(ORDERS, order, withKey('k2'))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    expect(await counted('externalId="at once"')).toBe(1);
  });

  test('belongs to one body, and to one method and path', async () => {
    const first = await client.post(ORDERS, nothing(), withKey('k3'));
    const other = await client.post(ORDERS, nothing({ description: 'other' }), withKey('k3'));
    expect([other.status, other.body['code']]).toEqual([409, 'idempotencyKeyReused']);
    await client.until(pathOf(first), inState('completed'));
    expect((await client.patch(pathOf(first), { description: 'x' }, withKey('k3'))).status).toBe(200);
  });

  test('lets a change be sent again: one revision, one answer, also where it changed nothing', async () => {
    const path = await completed(nothing());
    const first = await client.patch(path, { description: 'once' }, withKey('k4'));
    const again = await client.patch(path, { description: 'once' }, withKey('k4'));
    expect([again.status, again.body]).toEqual([200, first.body]);
    const same = () => client.patch(path, { description: 'once' }, withKey('k5'));
    expect([(await same()).status, (await same()).status]).toEqual([200, 200]);
    expect((await client.get(path)).headers.get('etag')).toBe(first.headers.get('etag'));
    expect((await client.remove(path, withKey('k6'))).status).toBe(204);
    expect((await client.remove(path, withKey('k6'))).status).toBe(204);
  });

  test('resumes what was late: 503, then the outcome of the same command', async () => {
    const path = await completed(nothing());
    const { headers } = await client.get(path);
    const impatient = asking(await system.gateway({ COMMAND_WAIT_MS: '100' }));
    await system.stop('service-ordering');
    const late = await impatient.patch(path, { description: 'late' }, withKey('k7'));
    expect([late.status, late.headers.has('retry-after')]).toEqual([503, true]);
    expect((await impatient.patch(path, { description: 'late' }, withKey('k7'))).status).toBe(503);
    await system.start('service-ordering');
    const resumed = await client.patch(path, { description: 'late' }, withKey('k7'));
    expect([resumed.status, resumed.body['description']]).toEqual([200, 'late']);
    expect(Number(resumed.headers.get('etag')?.slice(1, -1))).toBe(Number(headers.get('etag')?.slice(1, -1)) + 1);
  });

  test('computes a late change anew that was overtaken while nobody waited', async () => {
    const path = await completed(nothing());
    const impatient = asking(await system.gateway({ COMMAND_WAIT_MS: '100' }));
    await system.stop('service-ordering');
    const late = [
      await impatient.patch(path, { a: 'a' }, withKey('k8')),
      await impatient.patch(path, { b: 'b' }, withKey('k9')),
    ];
    expect(late.map(({ status }) => status)).toEqual([503, 503]);
    await system.start('service-ordering');
    const again = [
      await client.patch(path, { a: 'a' }, withKey('k8')),
      await client.patch(path, { b: 'b' }, withKey('k9')),
    ];
    expect(again.map(({ status }) => status)).toEqual([200, 200]);
    expect((await client.get(path)).body).toMatchObject({ a: 'a', b: 'b' });
  });

  test('whose first request is still waiting says so', async () => {
    const path = await completed(nothing());
    await system.stop('service-ordering');
    const first = client.patch(path, { description: 'slow' }, withKey('k10'));
    const seen = () => system.sql`select from gateway.pending_document where id = ${path.split('/').at(-1) ?? ''}`;
    await expect.poll(async () => (await seen()).count).toBe(1);
    const second = await client.patch(path, { description: 'slow' }, withKey('k10'));
    await system.start('service-ordering');
    expect([second.status, second.body['code'], second.headers.has('retry-after')]).toEqual([
      409,
      'idempotencyKeyInFlight',
      true,
    ]);
    expect((await first).status).toBe(200);
  });

  test('outlives a gateway that died between taking it and sending anything', async () => {
    const path = await completed(nothing());
    await client.patch(path, { description: 'before' }, withKey('k11'));
    // As the dead one leaves it: claimed, and nothing sent.
    await system.sql`
      update gateway.idempotency set command_id = null, response = null, waiting_until = now()
      where resource_id = ${path.split('/').at(-1) ?? ''} and command_id is not null`;
    const { status, body } = await client.patch(path, { description: 'before' }, withKey('k11'));
    expect([status, body['description']]).toEqual([200, 'before']);
  });
});

test('rebuilt views are the views there were, tombstones included', async () => {
  const read = () => system.sql`
    select resource, id, revision, doc, deleted, state, external_id, category, party_ids, created_at, start_at, completed_at
    from gateway.view where revision > 0 order by resource, id`;
  await completed(await sampleOrder('business-internet'));
  const before = await read();
  expect(before.some((row) => row['deleted'] === true)).toBe(true);
  await system.sql`update gateway.view set doc = '{}', state = null where revision > 0`;
  await system.rebuildViews();
  expect(await read()).toEqual(before);
});

test('even what is no HTTP is answered with an error body', async () => {
  const url = new URL(await system.listen());
  const answer = await broken(Number(url.port), 'GET / HTTP/1.1\r\nno header\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'invalidHeader', status: '400' });
  const { status } = await fetch(new URL(ORDERS, url), {
    method: 'POST',
    body: 'x'.repeat(200_000),
    headers: { 'content-type': 'application/json' },
  });
  expect(status).toBe(413);
});

function broken(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.once('end', () => resolve(heard));
    socket.once('error', reject);
  });
}
