import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { send } from '../../contracts/messages/message.ts';
import { serviceSpecification, serviceSpecificationPublished } from '../../contracts/messages/service-catalog.ts';
import { publicationOf } from '../platform/messaging/envelope.ts';
import { newId } from '../platform/ids.ts';
import { insertDue } from '../platform/messaging/message.store.ts';
import { type System, startSystem } from '../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../verify/testbed/testbed.ts';
import { soon } from '../verify/testbed/workbench.ts';
import { loadSamples } from './load.ts';
import { loadRules } from './rules.ts';

let testbed: Testbed;
let system: System;
beforeAll(async () => {
  testbed = await createTestbed();
  system = await startSystem(testbed);
});
afterAll(async () => {
  await system.close();
  await testbed.close();
});

const known = async (): Promise<string[]> =>
  (await system.sql<{ id: string }[]>`select id from service_ordering.service_specification order by id`).map(
    ({ id }) => id,
  );

test('a system that has the samples gets the ones it lacks, and nothing when it has all', async () => {
  const all = await known();
  expect(await loadSamples(testbed.databaseUrl)).toBe(0);
  await system.sql`delete from service_ordering.service_specification where id = ${all[0] ?? ''}`;
  expect(await loadSamples(testbed.databaseUrl)).toBe(1);
  expect(await known()).toEqual(all);
});

test('a system with a catalog of its own is left alone', async () => {
  const [row] = await system.sql<{ doc: unknown }[]>`select doc from service_ordering.service_specification limit 1`;
  const own = { ...serviceSpecification.parse(row?.doc), id: 'own' };
  await system.sql`delete from service_ordering.service_specification`;
  const publication = publicationOf(send(serviceSpecificationPublished, { specification: own }), {
    correlationId: newId(),
  });
  await insertDue(system.sql, [publication]);
  await vi.waitFor(async () => expect(await known()).toEqual(['own']), soon);
  expect(await loadSamples(testbed.databaseUrl)).toBe(0);
  expect(await known()).toEqual(['own']);
});

const rulesKnown = async (): Promise<string[]> =>
  (
    await system.sql<{ key: string }[]>`
      select specification_id || ' ' || version as key from order_management.rule
      union all select service_type from order_management.recovery_policy order by key`
  ).map(({ key }) => key);

test('decomposition rules and recovery policies are there, and come again where one is lacking', async () => {
  const all = await rulesKnown();
  expect(all).toEqual(expect.arrayContaining(['fiber-1g 1', 'fiber-1g 2', 'home-bundle 1', '*', 'tv']));
  expect(await loadRules(system.sql, 0)).toBe(0);
  await system.sql`delete from order_management.rule where specification_id = 'fiber-1g' and version = '1'`;
  await system.sql`delete from order_management.recovery_policy where service_type = 'tv'`;
  expect(await loadRules(system.sql, 20_000)).toBe(2);
  expect(await rulesKnown()).toEqual(all);
});

test('a system with rules of its own gets none of the samples', async () => {
  await system.sql`delete from order_management.rule where specification_id <> 'fiber-1g' or version <> '1'`;
  await system.sql`update order_management.rule set specification_id = 'own'`;
  const own = await rulesKnown();
  expect(await loadRules(system.sql, 0)).toBe(0);
  expect(await rulesKnown()).toEqual(own);
});
