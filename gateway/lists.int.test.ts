import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { type System, startSystem } from '../ops/verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../ops/verify/testbed/testbed.ts';
import { soon } from '../ops/verify/testbed/workbench.ts';

const ORDERS = '/tmf-api/serviceOrdering/v4/serviceOrder';
const LISTS = ['serviceOrdering/v4/serviceOrder', 'serviceInventory/v4/service', 'productInventory/v4/product'];

let testbed: Testbed;
let system: System;
let url: string;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
  await system.stop('service-ordering');
  url = await system.listen();
  for (let n = 0; n < 100; n += 1) {
    const answer = await fetch(`${url}${ORDERS}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        externalId: `${n}`,
        description: 'd'.repeat(60_000),
        serviceOrderItem: [{ id: '1', action: 'add', service: { serviceType: 'broadband' } }],
      }),
    });
    if (answer.status !== 201) throw new Error(await answer.text());
  }
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

test('a long list comes in pages of at most 4 MiB that say how many they have, and every order is in one', async () => {
  const seen: string[] = [];
  const pages: number[] = [];
  for (let next: string | undefined = `${url}${ORDERS}?limit=1000&sort=id`; next !== undefined;) {
    const answer: Response = await fetch(next);
    const text = await answer.text();
    const list = JSON.parse(text) as { id: string; externalId: string }[];
    expect(Buffer.byteLength(text)).toBeLessThan(4 * 1024 * 1024);
    expect([answer.status, answer.headers.get('x-total-count')]).toEqual([206, '100']);
    expect(answer.headers.get('x-result-count')).toBe(String(list.length));
    pages.push(list.length);
    seen.push(...list.map(({ externalId }) => externalId));
    next = /<([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  expect(pages).toHaveLength(2);
  expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
});

/** Holds every read of views until the answer is called. */
async function holdReads(): Promise<() => Promise<void>> {
  const holder = await system.sql.reserve();
  await holder`begin`;
  await holder`lock table gateway.view in access exclusive mode`;
  return async () => {
    await holder`rollback`;
    holder.release();
  };
}
const waitingReads = async (): Promise<number> => {
  const found = await system.sql`
    select from pg_stat_activity where application_name in ('patchbay gateway lists', 'patchbay gateway searches')
      and wait_event_type = 'Lock'`;
  return found.count;
};

test('lists wait for each other in one queue of all APIs; one too many is told to come again', async () => {
  const release = await holdReads();
  const statuses: number[] = [];
  const lists = Array.from({ length: 203 }, async (_, n) => {
    const answer = await fetch(`${url}/tmf-api/${LISTS[n % LISTS.length]}?limit=1&fields=id`);
    statuses.push(answer.status);
    return answer.text();
  });
  await vi.waitUntil(async () => (await waitingReads()) === 3, soon);
  const refused = await vi.waitUntil(async () => {
    const answer = await fetch(`${url}${ORDERS}?limit=1`, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
    return answer;
  }, soon);
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
    503,
    '2',
    expect.objectContaining({ code: 'unavailable', reason: expect.stringContaining('lists') }),
  ]);
  // Who was waiting when their time was over was told the same; nobody else was.
  await release();
  await Promise.all(lists);
  expect(new Set(statuses).isSubsetOf(new Set([200, 206, 503]))).toBe(true);
  expect((await fetch(`${url}${ORDERS}?limit=1`)).status).toBe(206);
});

test('a list whose client hangs up is read no further', async () => {
  const release = await holdReads();
  const { hostname, port } = new URL(url);
  const sockets = ['', '&description.regex=x'].map((filter) => {
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${ORDERS}?limit=1000${filter} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return socket;
  });
  await vi.waitUntil(async () => (await waitingReads()) === 2, soon);
  for (const socket of sockets) socket.destroy();
  await vi.waitUntil(async () => (await waitingReads()) === 0, soon);
  await release();
  expect((await fetch(`${url}${ORDERS}?limit=1`)).status).toBe(206);
});
