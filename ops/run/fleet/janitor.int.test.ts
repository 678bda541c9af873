import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { createTestbed, type Testbed } from '../../verify/testbed/testbed.ts';
import { clean, cleanings } from './janitor.ts';

let testbed: Testbed;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 2, role: 'test' });
});
afterAll(async () => {
  await sql.end({ timeout: 5 });
  await testbed.close();
});

/** A command's id, made so many days ago. */
const commandOf = (days: number): string => {
  const hex = (Date.now() - days * 86_400_000).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8abc-0123456789ab`;
};
const ago = (days: number) => sql`now() - make_interval(days => ${days})`;
const keeping = { journal: 30, deleted: 60, audit: 90 };

/** One row of everything, so many days old. */
async function aged(days: number): Promise<void> {
  const name = String(days);
  const id = commandOf(days);
  await sql`
    insert into gateway.idempotency (scope, body_hash, resource, resource_id, waiting_until, created_at)
    values (${name}, '', 'r', 'i', now(), ${ago(days)})`;
  await sql`
    insert into gateway.outcome (command_id, resource, resource_id, revision, created_at) values (${id}, 'r', 'i', 1, ${ago(days)})`;
  await sql`
    insert into gateway.pending_document (command_id, resource, id, document, created_at)
    values (${id}, 'r', 'i', '{}', ${ago(days)})`;
  await sql`insert into platform.inbox (consumer, message_id, attempt, received_at) values ('q', ${id}, 1, ${ago(days)})`;
  await sql`insert into platform.crash (consumer, message_id, crashes, last_at) values ('q', ${id}, 1, ${ago(days)})`;
  for (const [queue, ended] of [
    ['open', null],
    ['ended', ago(days)],
  ] as const)
    await sql`
      insert into platform.letter
        (queue, message_id, attempt, type, headers, correlation_id, code, reason, first_failed_at, ended_at, ended)
      values (${queue}, ${id}, 1, 't', '{}', 'c', 'c', 'r', ${ago(days)}, ${ended}, ${ended === null ? null : 'discarded'})`;
  await sql`insert into platform.audit (id, at, actor, verb, subject) values (${id}, ${ago(days)}, 'a', 'v', '{}')`;
  await sql`
    insert into order_management.correction (service_id, revision, doc, updated_at) values (${name}, 1, '{}', ${ago(days)})`;
  for (const deleted of [true, false]) {
    const of = `${deleted ? 'deleted' : 'kept'} ${name}`;
    await sql`
      insert into gateway.view (resource, id, revision, doc, deleted, updated_at)
      values ('r', ${of}, 1, '{}', ${deleted}, ${ago(days)})`;
    await sql`insert into gateway.submitted (resource, id, document) values ('r', ${of}, '{}')`;
    for (const table of owned)
      await sql`
        insert into ${sql(table)} ${sql({ id: of, revision: 1, ...stateOf(table), doc: '{}', deleted })}`;
    for (const table of owned) await sql`update ${sql(table)} set updated_at = ${ago(days)} where id = ${of}`;
  }
  for (const [order, held] of [
    ['released', []],
    ['holding', ['p']],
  ] as const)
    await sql`
      insert into product_inventory.known_order (id, doc, updated_at)
      values (${`${order} ${name}`}, ${sql.json({ held: [...held], released: held.length === 0 })}, ${ago(days)})`;
}
/** Tables of aggregates that can be deleted. */
const owned = [
  'service_ordering.service_order',
  'service_inventory.service',
  'order_management.product_order',
  'product_inventory.product',
] as const;
const stateOf = (table: string) =>
  table === 'product_inventory.product' ? { status: 'active', family: 'f', service_ids: [] } : { state: 's' };
const tables = [
  'gateway.idempotency',
  'gateway.outcome',
  'gateway.pending_document',
  'platform.inbox',
  'platform.crash',
] as const;
const left = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all(tables.map(async (table) => [table, (await sql`select from ${sql(table)}`).count] as const)),
  );

test('what is past its keeping goes, and nothing else', async () => {
  for (const days of [91, 61, 31, 29, 0]) await aged(days);
  await clean(sql, keeping, new AbortController().signal);
  expect(await left()).toEqual(Object.fromEntries(tables.map((table) => [table, 2])));
  const orders = await sql<{ id: string }[]>`select id from product_inventory.known_order order by id`;
  expect(orders.map(({ id }) => id)).toEqual([
    'holding 0',
    'holding 29',
    'holding 31',
    'holding 61',
    'holding 91',
    'released 0',
    'released 29',
    'released 31',
  ]);
});

test('what was deleted goes with what its client sent; what was not stays', async () => {
  const kept = ['deleted 0', 'deleted 29', 'deleted 31', 'kept 0', 'kept 29', 'kept 31', 'kept 61', 'kept 91'];
  for (const table of ['gateway.view', 'gateway.submitted', ...owned]) {
    const rows = await sql<{ id: string }[]>`select id from ${sql(table)} order by id collate "C"`;
    expect([table, rows.map(({ id }) => id)]).toEqual([table, kept]);
  }
  const corrected = await sql<{ id: string }[]>`select service_id as id from order_management.correction order by 1`;
  expect(corrected.map(({ id }) => id)).toEqual(['0', '29', '31']);
  expect((await sql`select from platform.audit`).count).toBe(4);
  const letters = await sql`select queue, count(*)::int from platform.letter group by queue order by queue`;
  expect(letters).toEqual([
    { queue: 'ended', count: 2 },
    { queue: 'open', count: 5 },
  ]);
});

test('every table that is cleaned is cleaned here', () => {
  const here: readonly string[] = [
    ...tables,
    ...owned,
    ...[
      'gateway.view',
      'order_management.correction',
      'platform.audit',
      'platform.letter',
      'product_inventory.known_order',
    ],
  ];
  expect(cleanings.map(({ table }) => table).toSorted()).toEqual(here.toSorted());
});

test('many are removed in pieces', async () => {
  await sql`
    insert into gateway.outcome (command_id, resource, resource_id, revision, created_at)
    select gen_random_uuid(), 'r', 'i', 1, now() - interval '40 days' from generate_series(1, 12000)`;
  await clean(sql, keeping, new AbortController().signal);
  expect(await left()).toMatchObject({ 'gateway.outcome': 2 });
});

test('it stops when it is told to', async () => {
  await aged(90);
  const before = await left();
  await clean(sql, keeping, AbortSignal.abort());
  expect(await left()).toEqual(before);
});
