import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { createTestbed } from './testbed.ts';

const open = await Promise.all([createTestbed(), createTestbed()]);
afterAll(() => Promise.all(open.map((testbed) => testbed.close())));

test('each testbed is a migrated database of its own', async () => {
  const seen = await Promise.all(
    open.map(async ({ databaseUrl }, index) => {
      const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
      try {
        await sql`create table own (mark integer)`;
        await sql`insert into own values (${index})`;
        const [row] = await sql`select mark, (select count(*)::int from platform.migration) as migrations from own`;
        return row;
      } finally {
        await sql.end();
      }
    }),
  );
  expect(seen.map((row) => row?.['mark'])).toEqual([0, 1]);
  expect(seen[0]?.['migrations']).toBeGreaterThan(0);
});

test('each testbed is an empty virtual host of its own', async () => {
  const [first, second] = open;
  expect(first.amqpUrl).not.toBe(second.amqpUrl);
  const { url, vhost, headers } = first.management;
  const answer = await fetch(`${url}/api/queues/${vhost}`, { headers });
  expect(await answer.json()).toEqual([]);
});

test('a closed testbed is gone', async () => {
  const testbed = await createTestbed();
  await testbed.close();
  const sql = postgres(testbed.databaseUrl, { max: 1, connect_timeout: 5 });
  await expect(sql`select 1`).rejects.toThrow(/does not exist/);
  await sql.end();
});
