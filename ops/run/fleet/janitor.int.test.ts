import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { createTestbed, type Testbed } from '../../verify/testbed/testbed.ts';
import { clean } from './janitor.ts';

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
  for (const [order, held] of [
    ['released', []],
    ['holding', ['p']],
  ] as const)
    await sql`
      insert into product_inventory.known_order (id, doc, updated_at)
      values (${`${order} ${name}`}, ${sql.json({ held: [...held], released: held.length === 0 })}, ${ago(days)})`;
}
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
  for (const days of [61, 31, 29, 0]) await aged(days);
  await clean(sql, new AbortController().signal);
  expect(await left()).toEqual(Object.fromEntries(tables.map((table) => [table, 2])));
  const orders = await sql<{ id: string }[]>`select id from product_inventory.known_order order by id`;
  expect(orders.map(({ id }) => id)).toEqual([
    'holding 0',
    'holding 29',
    'holding 31',
    'holding 61',
    'released 0',
    'released 29',
    'released 31',
  ]);
});

test('many are removed in pieces', async () => {
  await sql`
    insert into gateway.outcome (command_id, resource, resource_id, revision, created_at)
    select gen_random_uuid(), 'r', 'i', 1, now() - interval '40 days' from generate_series(1, 12000)`;
  await clean(sql, new AbortController().signal);
  expect(await left()).toMatchObject({ 'gateway.outcome': 2 });
});

test('it stops when it is told to', async () => {
  await aged(90);
  const before = await left();
  await clean(sql, AbortSignal.abort());
  expect(await left()).toEqual(before);
});
