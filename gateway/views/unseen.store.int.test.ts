import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectDatabase, type Database } from '../../ops/platform/database.ts';
import { createTestbed, type Testbed } from '../../ops/testing/testbed.ts';
import { compareStanding } from './unseen.store.ts';

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
afterEach(async () => void (await sql`truncate platform.standing, platform.unseen, gateway.view`));

const stands = (of: Record<string, number>) => sql`
  insert into platform.standing (resource, ids, revisions)
  values ('service', ${Object.keys(of)}::text[], ${Object.values(of)}::bigint[])`;
const shown = async (of: Record<string, number>) => {
  for (const [id, revision] of Object.entries(of))
    await sql`insert into gateway.view (resource, id, revision, doc) values ('service', ${id}, ${revision}, '{}')
              on conflict (resource, id) do update set revision = excluded.revision`;
};
const unseen = async () =>
  Object.fromEntries(
    (await sql<{ id: string; revision: number }[]>`select id, revision from platform.unseen order by id`).map((row) => [
      row.id,
      row.revision,
    ]),
  );

test('what is shown at its revision, or a later one, is not asked for', async () => {
  await shown({ same: 3, newer: 5 });
  await stands({ same: 3, newer: 4 });
  expect(await compareStanding(sql)).toBe(1);
  expect(await unseen()).toEqual({});
});

test('what is shown at an older revision, or not at all, is asked for', async () => {
  await shown({ behind: 2 });
  await stands({ behind: 3, missing: 1 });
  await compareStanding(sql);
  expect(await unseen()).toEqual({ behind: 3, missing: 1 });
});

test('what arrives is asked for no more', async () => {
  await stands({ late: 2 });
  await compareStanding(sql);
  await shown({ late: 2 });
  await compareStanding(sql);
  expect(await unseen()).toEqual({});
});

test('of two pages the newer revision counts, and asking begins anew', async () => {
  await stands({ twice: 2 });
  await compareStanding(sql);
  await sql`update platform.unseen set asked = 5, ask_at = now() + interval '5 minutes'`;
  await stands({ twice: 3 });
  await stands({ twice: 1 });
  await compareStanding(sql);
  const [row] = await sql`select revision, asked, ask_at <= now() as due from platform.unseen`;
  expect(row).toEqual({ revision: 3, asked: 0, due: true });
});

test('a page is compared once, by one process', async () => {
  await stands({ a: 1 });
  const compared = await Promise.all([compareStanding(sql), compareStanding(sql)]);
  expect(compared.reduce((sum, one) => sum + one, 0)).toBe(1);
});
