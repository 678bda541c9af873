import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createTestbed } from '../../verify/testbed/testbed.ts';
import { migrate, pendingMigrations } from './migrate.ts';

const testbed = await createTestbed();
const sql = postgres(testbed.databaseUrl, { max: 2, onnotice: () => {} });
afterAll(async () => {
  await sql.end();
  await testbed.close();
});

let folder: string;
beforeEach(async () => {
  await sql`truncate platform.migration`;
  await sql`drop table if exists one, two`;
  folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  write('001-one.sql', 'create table one (id integer)');
});
const write = (name: string, content: string) => writeFileSync(join(folder, name), content);

test('applies what is missing, in order, once', async () => {
  write('002-two.sql', 'create table two (id integer); insert into two select 1 from one');
  expect(await pendingMigrations(testbed.databaseUrl, folder)).toEqual(['001-one', '002-two']);
  expect(await migrate(testbed.databaseUrl, folder)).toEqual(['001-one', '002-two']);
  expect(await migrate(testbed.databaseUrl, folder)).toEqual([]);
  expect(await pendingMigrations(testbed.databaseUrl, folder)).toEqual([]);
});

test('several processes at once apply each step once', async () => {
  const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(testbed.databaseUrl, folder)));
  expect(applied.flat()).toEqual(['001-one']);
});

test('processes that wait for their turn do not hold up an index that is built beside the traffic', async () => {
  write('002-beside.sql', '-- outside a transaction\ncreate index concurrently one_id on one (id);\n');
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(testbed.databaseUrl, folder)));
  expect(applied.flat()).toEqual(['001-one', '002-beside']);
});

test('a failing step leaves nothing of itself, and the ones before it', async () => {
  write('002-two.sql', 'create table two (id integer); select broken');
  await expect(migrate(testbed.databaseUrl, folder)).rejects.toThrow(
    /002-two could not be applied, the database is as before/,
  );
  const [found] = await sql`select to_regclass('one') is not null as one, to_regclass('two') is not null as two`;
  expect(found).toEqual({ one: true, two: false });
});

test('a step outside a transaction can build indexes beside the traffic, and is begun again when it failed', async () => {
  const beside = (rows: string): string =>
    [
      '-- outside a transaction',
      'drop index concurrently if exists one_id;',
      `insert into one ${rows};`,
      'create unique index concurrently one_id on one (id);',
      '',
    ].join('\n');
  write('002-beside.sql', beside('values (1), (1)'));
  await expect(migrate(testbed.databaseUrl, folder)).rejects.toThrow(/002-beside could not be applied to its end/);
  await sql`truncate one`;
  write('002-beside.sql', beside('values (2)'));
  expect(await migrate(testbed.databaseUrl, folder)).toEqual(['002-beside']);
  const [index] = await sql`select indisvalid from pg_index where indexrelid = 'one_id'::regclass`;
  expect(index).toEqual({ indisvalid: true });
});

test('an edited step is refused before anything is changed', async () => {
  await migrate(testbed.databaseUrl, folder);
  write('001-one.sql', 'create table one (id bigint)');
  write('002-two.sql', 'create table two (id integer)');
  await expect(migrate(testbed.databaseUrl, folder)).rejects.toThrow(/001-one changed after being applied/);
  expect(await sql`select number from platform.migration`).toHaveLength(1);
});

test('steps of a newer release are left alone', async () => {
  await migrate(testbed.databaseUrl, folder);
  rmSync(join(folder, '001-one.sql'));
  expect(await migrate(testbed.databaseUrl, folder)).toEqual([]);
});

test('two steps with one number are refused', async () => {
  write('001-other.sql', 'select 1');
  await expect(migrate(testbed.databaseUrl, folder)).rejects.toThrow('001-one and 001-other have the same number');
});
