import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { type System, startSystem } from '../../ops/verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../ops/verify/testbed/testbed.ts';
import { soon } from '../../ops/verify/testbed/workbench.ts';
import { CANCELLATIONS, ORDERS, conformingClient } from '../conformance/conforming-client.ts';
import { inState, pathOf } from '../conformance/reading.ts';

let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  // As many as a process has unless told.
  system = await startSystem(testbed, { DATABASE_CONNECTIONS: '6' });
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
});

/**
 * Documents that take a regular expression long to search, minutes where a list has seconds: it remembers which of the last fourteen
 * letters were an a.
 */
const longDocuments = () => system.sql`
  with text as materialized (
    select string_agg(case when hashint4(n) % 2 = 0 then 'a' else 'b' end, '') as long from generate_series(1, 20000) n
  )
  insert into gateway.view (resource, id, revision, state, doc, party_ids, created_at)
  select 'serviceOrder', 'long ' || n, 1, 'completed', jsonb_build_object('id', 'long ' || n, 'description', long), '{}', now()
  from generate_series(1, 5000) n, text`;
const slowFilter = `description.regex=${encodeURIComponent('a(a|b){14}c')}`;

const listsUnderWay = async (): Promise<number> => {
  const active = await system.sql`
    select from pg_stat_activity
    where state = 'active' and query like '%from gateway.view%' and pid <> pg_backend_pid()
      and now() - query_start > interval '0.2 seconds'`;
  return active.count;
};

test('however many lists are slow, a PATCH and a cancellation are answered', async () => {
  await longDocuments();
  const url = await system.listen();
  const client = conformingClient((path, init) => fetch(new URL(path, url), init), {});
  const order = pathOf(
    await client.post(ORDERS, {
      requestedStartDate: new Date(Date.now() + 3_600_000).toISOString(),
      serviceOrderItem: [{ id: '1', action: 'noChange', service: { id: 's' } }],
    }),
  );
  await client.until(order, inState('pending'));

  const lists = Promise.all(Array.from({ length: 6 }, () => client.get(`${ORDERS}?${slowFilter}`)));
  await vi.waitUntil(async () => (await listsUnderWay()) >= 3, soon);
  expect((await client.patch(order, { description: 'changed meanwhile' })).status).toBe(200);
  const cancellation = await client.post(CANCELLATIONS, { serviceOrder: { id: order.split('/').at(-1) } });
  expect(cancellation.status).toBe(201);
  await client.until(order, inState('cancelled'));
  expect(await listsUnderWay()).toBeGreaterThan(0);
  for (const { status, body } of await lists) expect([status, body['code']]).toEqual([503, 'queryTooSlow']);
});
