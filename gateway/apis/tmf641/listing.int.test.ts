import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { specsFolder } from '../../../ops/verify/testbed/specs-folder.ts';
import { startSystem, type System } from '../../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../../ops/verify/testbed/testbed.ts';
import {
  conformingClient,
  officialDocuments,
  ORDERS,
  type ConformingClient,
} from '../../conformance/conforming-client.ts';
import { pathOf } from '../../conformance/reading.ts';
import { specsIn } from '../../conformance/specs.ts';

const folder = specsFolder();
let testbed: Testbed;
let system: System;
let client: ConformingClient;

const line = (downMbps: unknown, upMbps: unknown = 10) => ({
  serviceSpecification: { id: 'broadband-access' },
  serviceCharacteristic: [
    { name: 'downMbps', value: downMbps },
    { name: 'upMbps', value: upMbps },
  ],
});
const party = (id: string, role: string) => ({ id, role, '@referredType': 'Individual' });

/** Orders by their externalId; `bad` is rejected, the rest complete. */
const orders: Record<string, JsonObject> = {
  fast: {
    category: 'Internet',
    priority: '1',
    description: 'a "fast" line, quickly',
    requestedStartDate: '2026-03-01T01:30:00+02:00',
    relatedParty: [party('p1', 'customer'), party('p2', 'seller')],
    serviceOrderItem: [{ id: '1', action: 'add', service: line(1000, 500) }],
  },
  slow: {
    category: 'Internet',
    priority: '2',
    requestedStartDate: '2026-03-01T00:00:00Z',
    relatedParty: [party('p2', 'customer')],
    serviceOrderItem: [{ id: '1', action: 'add', service: line(500, 1000) }],
  },
  // Its characteristic comes as text, as many clients send numbers.
  text: {
    priority: '3',
    mood: 'calm',
    note: [{ text: "it's new", date: '2026-02-01T00:00:00Z' }],
    serviceOrderItem: [{ id: '1', action: 'add', service: line('1000') }],
  },
  bad: {
    category: 'Voice',
    priority: '10',
    serviceOrderItem: [{ id: '1', action: 'add', service: { serviceSpecification: { id: 'nothing' } } }],
  },
};

beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  client = conformingClient(system.request, folder === undefined ? {} : officialDocuments(specsIn(folder)));
  for (const [externalId, order] of Object.entries(orders)) {
    const { headers } = await client.post(ORDERS, { externalId, ...order });
    const wanted = externalId === 'bad' ? 'rejected' : 'completed';
    await client.until(pathOf({ headers }), ({ state }) => state === wanted);
  }
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

const names = (list: readonly JsonObject[]) => list.map((one) => one['externalId']);
const found = async (query: string) => {
  const { status, list, headers, body } = await client.get(`${ORDERS}?sort=externalId&${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  expect(headers.get('x-total-count')).toBe(String(list.length));
  return names(list).join(' ');
};
const item = 'serviceOrderItem.service.serviceCharacteristic';

describe('a filter finds', () => {
  test.each([
    ['an attribute', 'category=Internet', 'fast slow'],
    ['one of several values', 'category=Internet,Voice', 'bad fast slow'],
    ['what satisfies every pair', 'category=Internet&priority=2', 'slow'],
    ['nothing', 'category=internet', ''],
    ['what is not equal, the absent included', 'category.ne=Internet', 'bad text'],
    ['by operators of order', 'priority.gte=2&priority.lt=3', 'slow'],
    ['operators as signs', 'priority%3E2&state%21=rejected', 'text'],
    ['a quoted value with commas and quotes', `description=${encodeURIComponent(`'a "fast" line, quickly'`)}`, 'fast'],
    ['a value with an apostrophe', `note.text=${encodeURIComponent(`"it's new"`)}`, 'text'],
    ['a regular expression', 'description.regex=%5Ea%20.*line', 'fast'],
    ['dates as instants, whatever their offset', 'requestedStartDate=2026-02-28T23:30:00Z', 'fast'],
    ['dates in order', 'requestedStartDate.lt=2026-03-01', 'fast'],
    ['a plain date', 'requestedStartDate.gte=2026-03-01T00:00:00%2B00:00', 'slow'],
    ['states', 'state=rejected', 'bad'],
    ['states of items', 'serviceOrderItem.state=completed', 'fast slow text'],
    ['paths through arrays', 'relatedParty.id=p2', 'fast slow'],
    ['one element that has both', 'relatedParty.id=p2&relatedParty.role=customer', 'slow'],
    ['numbers, also where they came as text', `${item}.name=downMbps&${item}.value=1000`, 'fast text'],
    ['several elements', `${item}.name=downMbps&${item}.value=1000&${item}.name=upMbps&${item}.value=500`, 'fast'],
    ['what the fleet made known', 'serviceOrderItem.service.serviceType=broadband', 'fast slow text'],
    ['error codes', 'errorMessage.code=unknownSpecification', 'bad'],
  ])('%s: %s', async (_what, query, expected) => {
    expect(await found(query)).toBe(expected);
  });

  test.each([
    'mood=calm',
    'serviceOrderItem.colour=red',
    'category.like=x',
    'note.date=soon',
    'relatedParty=p1',
    'href=x',
  ])('and never ignores %s', async (query) => {
    const { status, body } = await client.get(`${ORDERS}?${query}`);
    expect([status, body['code']]).toEqual([400, expect.stringMatching(/unknownAttribute|invalidQuery/)]);
  });
});

test('newest first unless asked otherwise; by several attributes, absent ones last', async () => {
  expect(names((await client.get(ORDERS)).list)).toEqual(['bad', 'text', 'slow', 'fast']);
  const sorted = async (sort: string) => names((await client.get(`${ORDERS}?sort=${sort}`)).list).join(' ');
  expect(await sorted('-externalId')).toBe('text slow fast bad');
  expect(await sorted('category,-priority')).toBe('slow fast bad text');
  expect(await sorted('%2BorderDate')).toBe('fast slow text bad');
  expect((await client.get(`${ORDERS}?sort=relatedParty.id`)).status).toBe(400);
});

test('of each only what was asked for, its id and href always', async () => {
  const one = async (fields: string) => (await client.get(`${ORDERS}?externalId=fast&fields=${fields}`)).list[0];
  const [whole] = (await client.get(`${ORDERS}?externalId=fast`)).list;
  const [id, href] = [whole?.['id'], whole?.['href']];
  expect(await one('none')).toEqual({ id, href });
  expect(await one('state,relatedParty.role')).toEqual({
    id,
    href,
    state: 'completed',
    relatedParty: [{ role: 'customer' }, { role: 'seller' }],
  });
  expect((await client.get(`${ORDERS}/${String(id)}?fields=state`)).body).toEqual({ id, href, state: 'completed' });
});

describe('pages', () => {
  const links = (headers: Headers) =>
    Object.fromEntries(
      [...(headers.get('link') ?? '').matchAll(/<([^>]*)>; rel="(\w+)"/g)].map(([, url = '', relation = '']) => [
        relation,
        url,
      ]),
    );
  /** Follows a relation from a URL on to its end. */
  const walk = async (from: string, relation: 'next' | 'prev') => {
    const seen: string[] = [];
    const statuses: number[] = [];
    for (let url: string | undefined = from; url !== undefined;) {
      const { status, list, headers } = await client.get(url);
      expect([headers.get('x-total-count'), headers.get('x-result-count')]).toEqual(['4', String(list.length)]);
      statuses.push(status);
      seen.push(names(list).join('+'));
      url = links(headers)[relation];
    }
    return { seen, statuses };
  };

  test('are walked forwards by their next links and back by prev, each order once', async () => {
    const start = `http://tmf.example.test${ORDERS}?limit=3&sort=externalId&fields=externalId`;
    expect(await walk(start, 'next')).toEqual({ seen: ['bad+fast+slow', 'text'], statuses: [206, 206] });
    const { last = '', first } = links((await client.get(start)).headers);
    expect(last).toContain('http://tmf.example.test/');
    expect((await walk(last, 'prev')).seen).toEqual(['text', 'bad+fast+slow']);
    expect(names((await client.get(first ?? '')).list)).toEqual(['bad', 'fast', 'slow']);
  });

  test('do not move when orders come in while they are walked', async () => {
    const { list, headers } = await client.get(`${ORDERS}?limit=2`);
    const added = await client.post(ORDERS, {
      externalId: 'later',
      serviceOrderItem: [{ id: '1', action: 'noChange', service: { id: 's' } }],
    });
    const path = pathOf(added);
    const next = await client.get(links(headers)['next'] ?? '');
    await client.until(path, ({ state }) => state === 'completed');
    expect((await client.remove(path)).status).toBe(204);
    expect([names(list), names(next.list)]).toEqual([
      ['bad', 'text'],
      ['slow', 'fast'],
    ]);
  });

  test('are partial only where a client asked for a part', async () => {
    const status = async (query: string) => (await client.get(`${ORDERS}${query}`)).status;
    expect(await Promise.all(['', '?limit=4', '?limit=3', '?offset=1', '?offset=9', '?limit=0'].map(status))).toEqual([
      200, 200, 206, 206, 206, 206,
    ]);
  });
});
