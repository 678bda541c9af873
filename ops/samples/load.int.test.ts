import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { send } from '../../contracts/messages/message.ts';
import { serviceSpecification, serviceSpecificationPublished } from '../../contracts/messages/service-catalog.ts';
import { publicationOf } from '../platform/envelope.ts';
import { newId } from '../platform/ids.ts';
import { insertOutbox } from '../platform/outbox/outbox.store.ts';
import { type System, startSystem } from '../testing/system.ts';
import { type Testbed, createTestbed } from '../testing/testbed.ts';
import { soon } from '../testing/workbench.ts';
import { loadSamples } from './load.ts';

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
  await insertOutbox(system.sql, [publication]);
  await vi.waitFor(async () => expect(await known()).toEqual(['own']), soon);
  expect(await loadSamples(testbed.databaseUrl)).toBe(0);
  expect(await known()).toEqual(['own']);
});
