import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { cleanings } from '../../run/fleet/janitor.ts';
import { type Testbed, createTestbed } from '../testbed/testbed.ts';
import { tablesOf } from './filled.fixture.ts';

let testbed: Testbed;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'test' });
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await testbed.close();
});

const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
/** How long each table is kept, in the README's words. */
const kept = new Map(
  (readme.split('## What grows, and how long it is kept')[1]?.split('\n## ')[0] ?? '').split('\n').flatMap((line) => {
    const [, table, , words] = /^\| `(\w+\.\w+)`\s*\|([^|]*)\|\s*([^|]*?)\s*\|$/.exec(line) ?? [];
    return table === undefined || words === undefined ? [] : [[table, words] as const];
  }),
);

test('the README says of every table how long it is kept, and of no other', async () => {
  expect([...kept.keys()].toSorted()).toEqual((await tablesOf(sql)).toSorted());
});

test('what the README says is what the janitor does', () => {
  const said = [...kept].map(([table, words]) => [table, /`(\w+)_DAYS`/.exec(words)?.[1]?.toLowerCase()] as const);
  const done = new Map(cleanings.map(({ table, keep }) => [table, keep]));
  // What a client sent goes with the view that shows it.
  done.set('gateway.submitted', 'deleted');
  expect(said.filter(([table, keep]) => done.get(table) !== keep)).toEqual([]);
  const reasonless = [...kept].filter(([, words]) => !/^(for ever[,;:]|until |while |`\w+_DAYS`)/.test(words));
  expect(reasonless).toEqual([]);
});
